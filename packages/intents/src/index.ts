export { canonicalHash, canonicalJson } from './canonical.js';
export * from './child-order.js';
export * from './erc7930.js';
export * from './errors.js';
export * from './intent.js';
export * from './intent-errors.js';
export { keccak256 } from './keccak.js';
export * from './lifecycle.js';
export * from './permit2-witness.js';
export {
  createIntent,
  type CreateIntentOptions,
  type IntentInput,
  type IntentJson,
  intentToJson,
  parseIntent,
  parseSignedIntent,
  type SignedIntentJson,
  signedIntentToJson,
} from './schema.js';
export { signIntent, type TypedDataSigner } from './sign.js';
export * from './standard-order.js';
export {
  hashIntent,
  INTENT_DOMAIN,
  INTENT_TYPES,
  intentTypedData,
  type TypedDataField,
  type TypedDataPayload,
  type TypedDataTypes,
} from './typed-data.js';
export * from './verify.js';
