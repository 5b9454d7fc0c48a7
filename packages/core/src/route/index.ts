// The router on plain JSON, for holding it against others, and the certificate that it can be checked by
export * from './solve-route.js';
export * from './prepare-route.js';
export { gapCloser } from './close-gap.js';
export type { ExactRoute } from './exact-route.js';
export type { RouteDemand, RouteProblem, RouteProblemPool } from './problem.js';
export * from './inventory-values.js';
export * from './certificate.js';
export type { CasePrices, CaseProblem } from './certificate-case.js';
