import { EvenkeelError, type EvenkeelErrorOptions } from '@evenkeel/intents';

/** A row or page of the journal is not what was written. Code `JOURNAL_CORRUPT`. */
export class JournalCorruptError extends EvenkeelError {
  constructor(where: string, problem: string, options: EvenkeelErrorOptions = {}) {
    super('JOURNAL_CORRUPT', `The journal is damaged at ${where}: ${problem}.`, {
      field: where,
      hint: 'Nothing was sent. Restore the file from a backup, or settle by hand what is open on the chains.',
      ...options,
    });
  }
}

/** The file exists, and is something else. Code `JOURNAL_FOREIGN`. */
export class JournalForeignError extends EvenkeelError {
  constructor(path: string, options: EvenkeelErrorOptions = {}) {
    super('JOURNAL_FOREIGN', `${path} is not a journal of Evenkeel.`, {
      field: 'path',
      value: path,
      hint: 'Give the path of a journal, or of a file that does not exist yet.',
      ...options,
    });
  }
}

/** Another process, or this one, has the journal open. Code `JOURNAL_LOCKED`. */
export class JournalLockedError extends EvenkeelError {
  constructor(path: string, options: EvenkeelErrorOptions = {}) {
    super('JOURNAL_LOCKED', `${path} is in use by another executor.`, {
      field: 'path',
      value: path,
      retryable: true,
      hint: 'Stop the other one, or give this one a journal and accounts of its own.',
      ...options,
    });
  }
}

/** The journal was written by a newer release. Code `JOURNAL_VERSION`. */
export class JournalVersionError extends EvenkeelError {
  constructor(path: string, found: number, known: number) {
    super('JOURNAL_VERSION', `${path} has schema version ${found}, and this release knows ${known}.`, {
      field: 'path',
      value: path,
      hint: 'Run the release that wrote it, or a later one.',
      details: { found, known },
    });
  }
}

/** Two contents for one key. Code `JOURNAL_CONFLICT`. */
export class JournalConflictError extends EvenkeelError {
  constructor(what: string, hint: string, options: EvenkeelErrorOptions = {}) {
    super('JOURNAL_CONFLICT', `${what}.`, { hint, ...options });
  }
}

/** Another executor has reserved or ended the step in between. Code `JOURNAL_STEP_TAKEN`. */
export class JournalStepTakenError extends EvenkeelError {
  constructor(step: string, problem: string) {
    super('JOURNAL_STEP_TAKEN', `Step ${step} ${problem}.`, {
      field: 'step',
      value: step,
      retryable: true,
      hint: 'Read its state again and go on from there.',
    });
  }
}

/** Another executor has claimed what this one had in hand. Code `JOURNAL_CLAIM_LOST`. */
export class JournalClaimLostError extends EvenkeelError {
  constructor(name: string) {
    super('JOURNAL_CLAIM_LOST', `Another executor has taken ${name} over; nothing was written.`, {
      field: 'claim',
      value: name,
      hint: 'Leave it to the other one: it goes on from what the journal holds.',
    });
  }
}

/** Used after `close`. Code `JOURNAL_CLOSED`. */
export class JournalClosedError extends EvenkeelError {
  constructor() {
    super('JOURNAL_CLOSED', 'The journal has been closed.', { hint: 'Open it again before using it.' });
  }
}

/** No space left for a write; the write did not happen. Code `JOURNAL_FULL`. */
export class JournalFullError extends EvenkeelError {
  constructor(path: string, options: EvenkeelErrorOptions = {}) {
    super('JOURNAL_FULL', `There is no space left to write ${path}.`, {
      field: 'path',
      value: path,
      retryable: true,
      hint: 'Free some space and resume: nothing was done that is not in the journal.',
      ...options,
    });
  }
}

/** The file cannot be opened, read or written. Code `JOURNAL_IO`. */
export class JournalIoError extends EvenkeelError {
  constructor(path: string, problem: string, options: EvenkeelErrorOptions = {}) {
    super('JOURNAL_IO', `${path} cannot be used as a journal: ${problem}.`, {
      field: 'path',
      value: path,
      hint: 'Check that the directory exists and that this process may write to it.',
      ...options,
    });
  }
}

/** The driver of the database is not installed. Code `JOURNAL_DRIVER_MISSING`. */
export class JournalDriverMissingError extends EvenkeelError {
  constructor(driver: string, options: EvenkeelErrorOptions = {}) {
    super('JOURNAL_DRIVER_MISSING', `The driver ${driver} cannot be loaded.`, {
      hint: `Install it with "npm install ${driver}", or pass a driver of your own.`,
      ...options,
    });
  }
}
