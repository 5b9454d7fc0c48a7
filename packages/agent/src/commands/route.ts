import { readFileSync } from 'node:fs';
import { prepareRoute, type RouteProblem, type RouteSolution, solveRoute } from '@evenkeel/core/route';
import { EvenkeelError, InvalidInputError } from '@evenkeel/intents';
import { SingleBar } from 'cli-progress';
import { type RouteAlternative, solutionText } from '../render/solution.js';

export interface RouteOptions {
  /** A file with the problem, or `-` for standard input. */
  readonly problem: string;
  readonly repeat?: number;
  readonly maxHops?: number;
  readonly json: boolean;
}

/** What the command answers with `--json`: the solution, and the median of the repeated calls where there were some. */
export interface RouteAnswer extends RouteSolution {
  readonly warmMedianMs?: number;
}

/** Milliseconds with a fraction: a route takes less than one. */
const clock = Object.freeze({ now: () => performance.now() });

/** Repeating takes a while: so often it says how far it is, and looks whether it shall stop. */
const REPEATS_BETWEEN_SIGNS = 50;

/**
 * Solves the route problem of a file and prints the route, its cost and how far from the best it can be.
 *
 * @returns the exit code: 0 when there is a route, also where it serves only a part of the demand
 * @throws InvalidInputError naming the field; ROUTE_POOL_INVALID, ROUTE_DUPLICATE, ROUTE_DISCONNECTED
 */
export async function route(options: RouteOptions, signal: AbortSignal): Promise<number> {
  const problem = withLimit(readProblem(options.problem), options.maxHops);
  const first = solveRoute(problem, { clock });
  const answer: RouteAnswer =
    options.repeat === undefined || options.repeat === 0
      ? first
      : { ...first, warmMedianMs: await warmMedian(problem, options.repeat, signal) };
  if (options.json) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  else process.stdout.write(`${solutionText(problem, answer, alternativesTo(problem))}\n`);
  return 0;
}

/** The shape is checked by the router itself; here only that it is an object at all. */
function readProblem(file: string): RouteProblem {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (cause) {
    throw new InvalidInputError('--problem', file, 'cannot be read', 'Name a file, or - for standard input.', {
      cause,
    });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new InvalidInputError('--problem', file, 'is not JSON', 'See examples/route-problem.json.', { cause });
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as RouteProblem;
  throw new InvalidInputError('--problem', file, 'is not a JSON object', 'See examples/route-problem.json.');
}

function withLimit(problem: RouteProblem, maxHops: number | undefined): RouteProblem {
  return maxHops === undefined ? problem : { ...problem, maxHops };
}

/**
 * Median of `repeat` further solutions of the problem once it is laid out, in milliseconds: each a new solution with its
 * exact replay and its certificate.
 */
async function warmMedian(problem: RouteProblem, repeat: number, signal: AbortSignal): Promise<number> {
  const bar = new SingleBar({ format: 'Repeating {bar} {value} of {total}', clearOnComplete: true });
  bar.start(repeat, 0);
  const times: number[] = [];
  const prepared = prepareRoute(problem);
  prepared.solve();
  try {
    while (times.length < repeat) {
      const start = clock.now();
      prepared.solve();
      times.push(clock.now() - start);
      if (times.length % REPEATS_BETWEEN_SIGNS !== 0) continue;
      bar.update(times.length);
      await new Promise(setImmediate);
      signal.throwIfAborted();
    }
  } finally {
    bar.stop();
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1]!;
}

/** What simpler routes would give: one pool or bridge only, as many as three, and nothing that leaves its chain. */
function alternativesTo(problem: RouteProblem): readonly RouteAlternative[] {
  const simpler: readonly (readonly [string, RouteProblem])[] = [
    ['one hop', { ...problem, maxHops: 1 }],
    ['three hops', { ...problem, maxHops: 3 }],
    ...((problem.bridges ?? []).length === 0 ? [] : [['without bridging', { ...problem, bridges: [] }] as const]),
  ];
  return simpler
    .filter(([, { maxHops }]) => problem.maxHops === undefined || maxHops === undefined || maxHops <= problem.maxHops)
    .map(([name, other]) => {
      try {
        return { name, solution: solveRoute(other, { certify: false }) };
      } catch (error) {
        if (error instanceof EvenkeelError) return { name, code: error.code };
        throw error;
      }
    });
}
