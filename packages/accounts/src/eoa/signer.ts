/** Fields of an EIP-1559 transaction as an ethers signer takes them. */
export interface Eip1559Transaction {
  readonly type: 2;
  readonly chainId: number;
  readonly nonce: number;
  readonly to: string;
  readonly value: bigint;
  readonly data: string;
  readonly gasLimit: bigint;
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Fields of an EIP-7702 transaction: an EIP-1559 transaction that delivers authorizations. */
export interface SetCodeTransaction extends Omit<Eip1559Transaction, 'type'> {
  readonly type: 4;
  readonly authorizationList: {
    readonly address: string;
    readonly chainId: bigint;
    readonly nonce: bigint;
    readonly signature: { readonly r: string; readonly s: string; readonly yParity: 0 | 1 };
  }[];
}

/**
 * What signs: an ethers `Wallet`, a hardware wallet, a remote key service. It needs no provider, picks no nonce and
 * sends nothing.
 */
export interface EoaSigner {
  readonly address: string;
  signTransaction(transaction: Eip1559Transaction): Promise<string>;
  signTypedData(
    domain: Record<string, unknown>,
    types: Record<string, { name: string; type: string }[]>,
    value: Record<string, unknown>,
  ): Promise<string>;
}
