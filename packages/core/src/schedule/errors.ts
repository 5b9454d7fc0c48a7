import { EvenkeelError } from '@evenkeel/intents';

/** A schedule that cannot be: no slices, no time, no size. Code `SCHEDULE_INVALID`. */
export class ScheduleInvalidError extends EvenkeelError {
  constructor(field: string, value: unknown, problem: string, hint: string) {
    super('SCHEDULE_INVALID', `Schedule: ${field} ${problem}.`, { field, value, hint });
  }
}
