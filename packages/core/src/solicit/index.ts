// Opaque offers: ladders of quotes, firm quotes for the size that was chosen, and what is remembered of broken words
export * from './ladder.js';
export * from './requote.js';
export * from './trust.js';
