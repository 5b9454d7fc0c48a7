import type { WorkflowEnd, WorkflowEngine } from '@evenkeel/core/workflow';

/** Whose runs: agents on one engine agree on it. */
export interface RunOwner {
  readonly name: string;
  readonly owner: string;
  readonly underlying: string;
}

/** The runs of portfolios on an engine that several agents share, one after another for each portfolio. */
export interface SharedRuns {
  /**
   * Sees the portfolio's run to its end, wherever it is carried out: the last one where its end is not known here, else a
   * new one. Agents that want the same at the same time follow the same run.
   *
   * @throws the signal's reason when it aborts; the run goes on
   */
  follow(owner: RunOwner, signal: AbortSignal): Promise<WorkflowEnd>;
}

const FIRST = 1;

/**
 * Runs are numbered by portfolio, and the engine says which numbers there are: whoever wants a trade starts the number after
 * the last, which is one run however many start it.
 */
export function sharedRuns(engine: WorkflowEngine): SharedRuns {
  const last = new Map<string, number>();
  const ended = new Map<string, number>();

  /** The highest number that the engine knows; 0 while there is none. */
  const highest = async (key: string): Promise<number> => {
    let known = last.get(key) ?? 0;
    let step = 1;
    while (await engine.knows(idOf(key, known + step))) {
      known += step;
      step *= 2;
    }
    // Between `known`, which there is, and `known + step`, which there is not.
    for (let gap = step; gap > 1;) {
      const half = Math.floor(gap / 2);
      if (await engine.knows(idOf(key, known + half))) {
        known += half;
        gap -= half;
      } else gap = half;
    }
    last.set(key, known);
    return known;
  };

  return Object.freeze({
    follow: async (owner, signal) => {
      const key = `${owner.owner.toLowerCase()}/${owner.underlying}`;
      let number = await highest(key);
      if (number < FIRST || ended.get(key) === number) {
        number += 1;
        await engine.start('intent', idOf(key, number), { portfolio: owner.name });
        last.set(key, number);
      }
      const end = await engine.result(idOf(key, number), signal);
      ended.set(key, number);
      return end;
    },
  } satisfies SharedRuns);
}

function idOf(key: string, number: number): string {
  return `${key}/${number}`;
}
