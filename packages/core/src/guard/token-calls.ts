import type { Address, Hex } from '../model/token.js';

// The handful of calls that every token and Permit2 speak, by hand: the core carries no ABI library. Selectors are the
// first four bytes of keccak256 of the signature beside them.
const BALANCE_OF = '0x70a08231'; // balanceOf(address)
const ALLOWANCE = '0xdd62ed3e'; // allowance(address,address)
const APPROVE = '0x095ea7b3'; // approve(address,uint256)
const INCREASE_ALLOWANCE = '0x39509351'; // increaseAllowance(address,uint256)
const DECREASE_ALLOWANCE = '0xa457c2d7'; // decreaseAllowance(address,uint256)
const TRANSFER = '0xa9059cbb'; // transfer(address,uint256)
const TRANSFER_FROM = '0x23b872dd'; // transferFrom(address,address,uint256)
const SET_APPROVAL_FOR_ALL = '0xa22cb465'; // setApprovalForAll(address,bool)
const PERMIT2_APPROVE = '0x87517c45'; // approve(address,address,uint160,uint48)
const PERMIT2_ALLOWANCE = '0x927da105'; // allowance(address,address,address)
const PERMIT2_LOCKDOWN = '0xcc53287f'; // lockdown((address,address)[])
const PERMIT2_INVALIDATE = '0x3ff9dcb1'; // invalidateUnorderedNonces(uint256,uint256)

/** Permit2 (Uniswap), deployed at one address on every chain. */
export const PERMIT2_ADDRESS: Address = '0x000000000022D473030F116dDEE9F6B43aC78BA3';

/** Transfer(address,address,uint256) */
export const TRANSFER_TOPIC: Hex = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef';
/** Deposit(address,uint256) of WETH9 */
export const DEPOSIT_TOPIC: Hex = '0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c';
/** Withdrawal(address,uint256) of WETH9 */
export const WITHDRAWAL_TOPIC: Hex = '0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65';

/** What calldata asks of a token or of Permit2, as far as it moves or lends money. */
export type TokenCall =
  | { readonly kind: 'approve' | 'increase-allowance'; readonly spender: Address; readonly atoms: bigint }
  | { readonly kind: 'decrease-allowance'; readonly spender: Address }
  | { readonly kind: 'transfer'; readonly recipient: Address; readonly atoms: bigint }
  | { readonly kind: 'transfer-from'; readonly recipient: Address; readonly atoms: bigint }
  | { readonly kind: 'set-approval-for-all'; readonly operator: Address }
  | {
      readonly kind: 'permit2-approve';
      readonly token: Address;
      readonly spender: Address;
      readonly atoms: bigint;
      readonly expiration: number;
    }
  /** Takes allowances away, or makes signatures void. */
  | { readonly kind: 'permit2-lockdown' }
  /** A known selector with arguments that are cut short or carry dirty bits. */
  | { readonly kind: 'malformed'; readonly selector: Hex }
  | { readonly kind: 'other'; readonly selector: Hex };

export function encodeBalanceOf(holder: Address): Hex {
  return `${BALANCE_OF}${word(holder)}`;
}

export function encodeAllowance(owner: Address, spender: Address): Hex {
  return `${ALLOWANCE}${word(owner)}${word(spender)}`;
}

export function encodeApprove(spender: Address, atoms: bigint): Hex {
  return `${APPROVE}${word(spender)}${atoms.toString(16).padStart(64, '0')}`;
}

/** Reads what `spender` may take of `token` through Permit2; the amount is the first word of the answer. */
export function encodePermit2Allowance(owner: Address, token: Address, spender: Address): Hex {
  return `${PERMIT2_ALLOWANCE}${word(owner)}${word(token)}${word(spender)}`;
}

/** The first word of return data as a number; undefined when there is none. */
export function decodeUint(data: Hex): bigint | undefined {
  return /^0x[0-9a-fA-F]{64}/.test(data) ? BigInt(data.slice(0, 66)) : undefined;
}

export function decodeTokenCall(data: Hex): TokenCall {
  const selector = data.slice(0, 10).toLowerCase() as Hex;
  const words = Array.from({ length: Math.floor((data.length - 10) / 64) }, (_, index) =>
    data.slice(10 + index * 64, 74 + index * 64),
  );
  const address = (index: number): Address | undefined => {
    const text = words[index];
    return text !== undefined && /^0{24}[0-9a-fA-F]{40}$/.test(text) ? `0x${text.slice(24)}` : undefined;
  };
  const uint = (index: number): bigint | undefined => {
    const text = words[index];
    return text === undefined ? undefined : BigInt(`0x${text}`);
  };
  const malformed: TokenCall = { kind: 'malformed', selector };

  switch (selector) {
    case APPROVE:
    case INCREASE_ALLOWANCE: {
      const [spender, atoms] = [address(0), uint(1)];
      if (spender === undefined || atoms === undefined) return malformed;
      return { kind: selector === APPROVE ? 'approve' : 'increase-allowance', spender, atoms };
    }
    case DECREASE_ALLOWANCE: {
      const spender = address(0);
      return spender === undefined ? malformed : { kind: 'decrease-allowance', spender };
    }
    case TRANSFER: {
      const [recipient, atoms] = [address(0), uint(1)];
      return recipient === undefined || atoms === undefined ? malformed : { kind: 'transfer', recipient, atoms };
    }
    case TRANSFER_FROM: {
      const [recipient, atoms] = [address(1), uint(2)];
      return recipient === undefined || atoms === undefined ? malformed : { kind: 'transfer-from', recipient, atoms };
    }
    case SET_APPROVAL_FOR_ALL: {
      const operator = address(0);
      return operator === undefined ? malformed : { kind: 'set-approval-for-all', operator };
    }
    case PERMIT2_APPROVE: {
      const [token, spender, atoms, expiration] = [address(0), address(1), uint(2), uint(3)];
      if (token === undefined || spender === undefined || atoms === undefined || expiration === undefined) {
        return malformed;
      }
      return { kind: 'permit2-approve', token, spender, atoms, expiration: Number(expiration) };
    }
    case PERMIT2_LOCKDOWN:
    case PERMIT2_INVALIDATE:
      return { kind: 'permit2-lockdown' };
    default:
      return { kind: 'other', selector };
  }
}

function word(address: Address): string {
  return address.slice(2).toLowerCase().padStart(64, '0');
}
