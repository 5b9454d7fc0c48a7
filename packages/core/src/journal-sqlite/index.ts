export * from './driver.js';
export * from './sqlite-journal.js';
