export { optionBook, type OptionBookDependencies } from './option-book.js';
export type { OptionBookConfig, OptionBookPosition } from './config.js';
export { ConfigUnitMissingError, OptionBookInvalidError } from './errors.js';
