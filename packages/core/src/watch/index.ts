// Many portfolios at once: what they share is read once, and only those that may trade are looked at in full
export * from './look-at-market.js';
export * from './screen.js';
export * from './venue-conditions.js';
