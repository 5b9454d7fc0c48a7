export { spotInstrument, type SpotInstrumentOptions, type SpotMarket } from './spot.js';
