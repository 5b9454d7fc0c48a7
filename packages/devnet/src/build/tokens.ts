import type { Address, Token, TokenSymbol } from '../world.js';
import { tokenIssuer } from './accounts.js';
import { encodeCall } from './builder.js';
import type { Builder } from './builder.js';

export type ChainTokens = Readonly<Record<TokenSymbol, Token>>;

/** The tokens of one chain: WETH9, and two ERC-20s of 6 decimals whose issuer may mint. */
export function deployTokens(builder: Builder): ChainTokens {
  const { chainId } = builder;
  const issuer = tokenIssuer(chainId).address;
  const token = (symbol: string, decimals: number, address: Address): Token =>
    Object.freeze({ chainId, address, symbol, decimals });
  const stablecoin = (name: string, symbol: string): Token => {
    const types = ['string', 'string', 'uint8'];
    const address = builder.deploy(issuer, 'ExpandedERC20', types, [name, symbol, 6]);
    builder.send(issuer, address, 'addMinter(address)', [issuer]);
    return token(symbol, 6, address);
  };
  const WETH = token('WETH', 18, builder.deploy(issuer, 'WETH9'));
  return Object.freeze({ WETH, USDC: stablecoin('USD Coin', 'USDC'), USDT: stablecoin('Tether USD', 'USDT') });
}

/** A transaction that the issuer of a token sends to bring new atoms into the world. */
export interface MintCall {
  readonly from: Address;
  readonly to: Address;
  readonly data: string;
  readonly valueWei: bigint;
}

/** What the issuer does to give `to` new atoms: it mints, or wraps native coins and passes them on. */
export function mintCalls(token: Token, to: Address, atoms: bigint): readonly MintCall[] {
  const from = tokenIssuer(token.chainId).address;
  const call = (signature: string, args: readonly unknown[], valueWei = 0n): MintCall => ({
    from,
    to: token.address,
    data: encodeCall(signature, args),
    valueWei,
  });
  if (token.symbol !== 'WETH') return [call('mint(address,uint256)', [to, atoms])];
  return [call('deposit()', [], atoms), call('transfer(address,uint256)', [to, atoms])];
}

/** Queues what gives `to` new atoms of a token. */
export function mint(builder: Builder, token: Token, to: Address, atoms: bigint): void {
  for (const call of mintCalls(token, to, atoms)) {
    builder.sendRaw(call.from, call.to, call.data, `mint of ${token.symbol}`, call.valueWei);
  }
}
