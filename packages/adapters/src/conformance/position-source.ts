import { type Position, PositionExpiredError, type PositionReading } from '@evenkeel/core';
import { underlyingsOf, valueAcross } from '@evenkeel/core/exposure';
import { type Check, checkMaker, checksFor, type Fail, say } from './check.js';
import { mustAnswer, mustBehave, mustHeedAbort } from './invoke.js';
import { positionAttacks } from './position-attacks.js';
import { patienceOf, type PositionSourceSubject } from './subject.js';
import { requireFinite, requireFrozen } from './values.js';

/**
 * What every position source has to do: say all that an owner has, in exact numbers, and say so where it cannot. With
 * `over` it is attacked as well: by a node that is gone, views that revert, answers that are empty or cut, a
 * new block at each read, and the subject's own `lies`.
 *
 * @param capabilities leaves out the checks that need any other. By default they are there, and are skipped as they run
 *
 * @example
 * ```ts
 * describeConformance('my positions', positionSourceConformance({ source, owner, stranger }))
 * ```
 */
export function positionSourceConformance(
  subject: PositionSourceSubject | (() => PositionSourceSubject | Promise<PositionSourceSubject>),
  capabilities: readonly ('over' | 'lies')[] = ['over', 'lies'],
): readonly Check[] {
  const make = checkMaker(subject);
  return checksFor(capabilities, [
    make('object-is-frozen', ({ source }, fail) => requireFrozen(source, 'the source', fail)),
    make('identity-is-stable', ({ source: { id, name } }, fail) => {
      const hint = 'Write it in the factory: { id, name, … }.';
      if (typeof id !== 'string' || id === '') fail('an id', `it is ${JSON.stringify(id)}`, hint);
      if (typeof name !== 'string' || name === '') fail('a name for people', `it is ${JSON.stringify(name)}`, hint);
    }),
    make('positions-are-found', async (given, fail) => {
      if ((await readingsOf(given, fail)).length > 0) return;
      fail('the positions of the owner', 'there are none', 'Choose an owner that has some.');
    }),
    make('readings-are-well-formed', async (given, fail) => {
      const readings = await readingsOf(given, fail);
      requireFrozen(readings, 'what read() gives', fail);
      for (const reading of readings) requireReading(reading, fail);
      const ids = new Set(readings.map(({ id }) => id));
      if (ids.size !== readings.length) fail('ids to be unique', 'two readings have the same', 'Use ids of the chain.');
    }),
    make('ids-are-stable', async (given, fail) => {
      const [first, second] = [await readingsOf(given, fail), await readingsOf(given, fail)];
      const [a, b] = [first, second].map((readings) =>
        readings
          .map(({ id }) => id)
          .sort()
          .join(),
      );
      if (a !== b)
        fail('the same positions to have the same ids', 'a second look gives others', 'Use ids of the chain.');
    }),
    make('a-stranger-has-nothing', async (given, fail) => {
      const { source, stranger } = given;
      const what = 'read() for somebody without positions';
      const outcome = await mustBehave(what, (signal) => source.read(stranger, signal), patienceOf(given), fail);
      if (outcome.kind !== 'value') return;
      const held = (outcome.value as readonly PositionReading[]).find((reading) => !isNothing(reading));
      if (held !== undefined) fail('no positions of a stranger', `there is ${held.id}`, 'Filter by owner.');
    }),
    make('read-heeds-its-signal', async (given, fail) =>
      mustHeedAbort('read()', (signal) => given.source.read(given.owner, signal), patienceOf(given), fail),
    ),
    ...positionAttacks(make),
  ]);
}

async function readingsOf(given: PositionSourceSubject, fail: Fail): Promise<readonly PositionReading[]> {
  return mustAnswer('read()', (signal) => given.source.read(given.owner, signal), patienceOf(given), fail);
}

function requireReading(reading: PositionReading, fail: Fail): void {
  const { asOf, id, label, status } = reading;
  requireFinite(reading, `reading ${id}`, fail);
  if (id === '' || label === '') fail('a reading to have id and label', 'one is empty', 'People see the label.');
  if (!Number.isInteger(asOf.timeSeconds)) fail('the time of a reading', 'it has none', 'Use the time of its block.');
  if (status === 'unknown') {
    if (reading.reason !== '') return;
    return fail(`reading ${id} to say why it is unknown`, 'it does not', 'Say what could not be read.');
  }
  requirePosition(reading, fail);
}

/** A holding of zero is nothing, said explicitly. */
function isNothing(reading: PositionReading): boolean {
  if (reading.status === 'unknown') return false;
  return valued(reading.position, reading.asOf.timeSeconds).every(
    ({ greeks }) => greeks.deltaUnits === 0 && greeks.value === 0,
  );
}

/** The core can value it: what it cannot value, nothing can be decided on. */
function requirePosition({ asOf, id, position }: Extract<PositionReading, { status: 'known' }>, fail: Fail): void {
  try {
    valued(position, asOf.timeSeconds);
  } catch (error) {
    if (error instanceof PositionExpiredError) return;
    fail(
      `position ${id} to be one that the core can value`,
      `it throws ${say(error)}`,
      'Mend the field it names.',
      error,
    );
  }
}

/** At one price of everything that it follows; what was measured, at the price where it was. */
function valued(position: Position, nowSeconds: number): ReturnType<typeof valueAcross>['parts'] {
  const spot = position.kind === 'measured' ? Number(position.spot) : ANY_SPOT;
  const spots = new Map(underlyingsOf(position, HOME).map((underlying) => [underlying, spot]));
  return valueAcross(position, HOME, spots, nowSeconds).parts;
}

/** Stands for the underlying of positions that name none. */
const HOME = 'home';

/** Whether a position makes sense does not hang on the price. */
const ANY_SPOT = 1_000;
