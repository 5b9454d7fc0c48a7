export {
  inTransaction,
  pgPool,
  type PostgresConnection,
  type PostgresPool,
  type PostgresRow,
  type PostgresValue,
} from './driver.js';
export * from './postgres-journal.js';
