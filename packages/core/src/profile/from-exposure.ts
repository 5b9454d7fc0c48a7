import { toNumber } from '../exposure/number.js';
import type { Exposure } from '../model/exposure.js';
import { ProfileExposureUnknownError } from './errors.js';
import { type Greek, type ProfileProblem, type Range } from './profile.js';

/** What an exposure does not say. */
export interface ProfileSettings extends Omit<ProfileProblem, 'exposure'> {
  /** How much the book's gamma and vega may be off either way: needed while a position of it cannot be read. */
  readonly doubt?: Readonly<Partial<Record<'gamma' | 'vega', number>>>;
}

/**
 * The profile problem of a book as it was read. Delta comes with its interval. Gamma and vega are those of the positions
 * that could be valued: while one could not, a target for them needs `doubt`.
 *
 * @throws {ProfileExposureUnknownError} when a targeted greek has no bounds
 *
 * @example
 * ```ts
 * const problem = profileProblem(assembleExposure(input), { target, instruments, marginAvailable: 0, holdingDays: 7 })
 * solveProfile(problem).sentence
 * ```
 */
export function profileProblem(exposure: Exposure, settings: ProfileSettings): ProfileProblem {
  const { doubt = {}, ...rest } = settings;
  const unread = exposure.positions.filter(({ greeks }) => greeks === undefined).map(({ id }) => id);
  if (rest.target.delta !== undefined && exposure.unbounded.length > 0) {
    throw new ProfileExposureUnknownError('delta', exposure.unbounded);
  }
  for (const greek of ['gamma', 'vega'] as const) {
    if (rest.target[greek] !== undefined && doubt[greek] === undefined && unread.length > 0) {
      throw new ProfileExposureUnknownError(greek, unread);
    }
  }
  const around = (value: number, by = 0): Range => ({ low: value - by, high: value + by });
  const book: Record<Greek, Range> = {
    delta: {
      low: toNumber(exposure.delta.low, 'exposure.delta.low'),
      high: toNumber(exposure.delta.high, 'exposure.delta.high'),
    },
    gamma: around(exposure.gammaPerUnit, doubt.gamma),
    vega: around(exposure.vegaPerPoint, doubt.vega),
  };
  return Object.freeze({ ...rest, exposure: Object.freeze(book) });
}
