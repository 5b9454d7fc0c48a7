import {
  check,
  operationSchema,
  parseText,
  programmeRecordSchema,
  reservationSchema,
} from '../execution/journal-codec.js';
import type { ProgrammeRecord, Reservation, StoredOperation } from '../ports/journal.js';
import type { PostgresRow } from './driver.js';

// Rows as records. The driver gives 64-bit and decimal columns as text, so that no digit is lost.

/** @throws JOURNAL_CORRUPT */
export function programmeOf(row: PostgresRow): ProgrammeRecord {
  return check(
    programmeRecordSchema,
    {
      programme: parseText(row.body, 'programmes.body'),
      state: row.state,
      cancelRequested: row.cancel_requested,
      createdAtMs: numberOf(row.created_at_ms),
    },
    'programmes',
  );
}

/** @throws JOURNAL_CORRUPT */
export function reservationOf(row: PostgresRow): Reservation {
  return check(
    reservationSchema,
    {
      id: numberOf(row.id),
      key: { intentId: row.intent_id, slice: row.slice, step: row.step, attempt: row.attempt },
      chainId: numberOf(row.chain_id),
      account: row.account,
      nonceKey: row.nonce_key,
      nonce: row.nonce,
      state: row.state,
      reservedAtMs: numberOf(row.reserved_at_ms),
      ...(row.final_hash === null ? {} : { finalHash: row.final_hash }),
      ...(row.success === null ? {} : { success: row.success }),
    },
    'reservations',
  );
}

/** @throws JOURNAL_CORRUPT */
export function operationOf(row: PostgresRow): StoredOperation {
  return check(
    operationSchema,
    {
      reservationId: numberOf(row.reservation_id),
      bump: row.bump,
      purpose: row.purpose,
      raw: row.raw,
      hash: row.hash,
      gasLimit: row.gas_limit,
      maxFeePerGasWei: row.max_fee,
      maxPriorityFeePerGasWei: row.max_priority_fee,
      signedAtMs: numberOf(row.signed_at_ms),
    },
    'operations',
  );
}

function numberOf(value: unknown): unknown {
  return typeof value === 'string' ? Number(value) : value;
}
