/** A compiled contract. */
export interface ContractArtifact {
  readonly contract: string;
  /** SHA-256 over all sources, imports included, and the compiler's settings. */
  readonly sourceHash: `0x${string}`;
  /** JSON ABI. */
  readonly abi: readonly object[];
  /** Creation code; constructor arguments are appended. */
  readonly bytecode: `0x${string}`;
}
