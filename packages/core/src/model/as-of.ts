/** Where and when something was observed. */
export interface AsOf {
  /** Who said it: an adapter's id, a feed's name, a file. */
  readonly source: string;
  /** Unix time of the observation in seconds: the block's time for chain state. */
  readonly timeSeconds: number;
  readonly chainId?: number;
  readonly blockNumber?: number;
}
