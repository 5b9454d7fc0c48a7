export { optionBook, type OptionBookDependencies } from './option-book.js';
export { optionBookView, type OptionBookViewOptions } from './option-book-view.js';
export type { OptionBookConfig, OptionBookPosition } from './config.js';
export { ConfigUnitMissingError, OptionBookInvalidError } from './errors.js';
