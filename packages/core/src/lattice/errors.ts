import { EvenkeelError } from '@evenkeel/intents';

/** A stored band table that is damaged, of another version, or no table. Code `BAND_TABLE_INVALID`. */
export class BandTableInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string) {
    super('BAND_TABLE_INVALID', `Band table: ${field} ${problem}.`, {
      field,
      value,
      hint: 'Prepare it again with prepareBands.',
    });
  }
}
