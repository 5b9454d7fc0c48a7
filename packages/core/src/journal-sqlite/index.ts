export * from './driver.js';
export * from './sqlite-journal.js';
export * from './workflow-store.js';
