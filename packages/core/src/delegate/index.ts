export { delegationsOf, liveDelegations, nextChildIndex } from './book.js';
export type { DelegationParts, DelegationPatience } from './context.js';
export { delegateSlice, type DelegateRequest, resumeDelegations } from './delegate.js';
export { type Delegation, type DelegationState, type EndingReason, type GivenOrder, isLive } from './delegation.js';
export * from './errors.js';
export { delegateWithFallback, type FallbackResult, type Unfilled, unfilledOf } from './fallback.js';
export { delegatedInFlight } from './in-flight.js';
export { assertRoomBeside, liveChildren, spentOf } from './room.js';
export { programmeSender, type ProgrammeSenderOptions, type Sender, type SendPurpose } from './sender.js';
