// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {DeltaBand} from "./DeltaBand.sol";
import {IUniswapV3Pool} from "./DeltaBandModule.sol";
import {Attestation, Market, Order, Policy} from "./IDeltaBand.sol";

/// @notice What a delegation manager asks of a caveat (ERC-7710, as in MetaMask's delegation framework 1.3).
interface ICaveatEnforcer {
    function beforeAllHook(
        bytes calldata terms,
        bytes calldata args,
        bytes32 mode,
        bytes calldata executionCalldata,
        bytes32 delegationHash,
        address delegator,
        address redeemer
    ) external;

    function beforeHook(
        bytes calldata terms,
        bytes calldata args,
        bytes32 mode,
        bytes calldata executionCalldata,
        bytes32 delegationHash,
        address delegator,
        address redeemer
    ) external;

    function afterHook(
        bytes calldata terms,
        bytes calldata args,
        bytes32 mode,
        bytes calldata executionCalldata,
        bytes32 delegationHash,
        address delegator,
        address redeemer
    ) external;

    function afterAllHook(
        bytes calldata terms,
        bytes calldata args,
        bytes32 mode,
        bytes calldata executionCalldata,
        bytes32 delegationHash,
        address delegator,
        address redeemer
    ) external;
}

/// @notice The delta-band permission as a caveat of a delegation, by the rules of `DeltaBand`. It belongs into the root
/// delegation, which the account itself has signed.
///
/// The one execution that it lets pass is a transfer of exactly what is ordered to this contract. After it, this contract trades
/// at the listed pool, in the same transaction: what comes out goes to the account, what was not taken goes back, and the whole is
/// judged by what the account holds then. A refusal undoes the transfer as well. Nothing is ever approved.
///
/// Terms: the ABI encoding of a `Policy`. Its paymaster and gas budget are zero: whoever redeems pays for gas. Arguments: that of
/// market, proof, order and attestations. Two delegations with the same terms share one cap.
///
/// @dev Hooks may be called by anybody in anybody's name: without the account's own execution nothing is paid, and a trade in
/// which nothing is paid is refused, so that no cap can be used up from outside.
contract DeltaBandEnforcer is DeltaBand, ICaveatEnforcer {
    using SafeERC20 for IERC20;

    uint160 private constant LOWEST_PRICE = 4295128740;
    uint160 private constant HIGHEST_PRICE = 1461446703485210103287273052203988822378723970341;

    error NotSessionKey(address redeemer);
    error NotTheTransfer();
    error HookNotExpected();
    error Reentered();
    error CallbackNotExpected(address caller);
    error CallbackTooGreedy(uint256 asked, uint256 ordered);

    /// @dev Of the trade between its two hooks: who called the first, with what, and what was there before.
    bytes32 private transient _expected;
    uint256 private transient _base;
    uint256 private transient _quote;
    uint256 private transient _low;
    uint256 private transient _high;
    int24 private transient _meanTick;
    uint256 private transient _answer;
    address private transient _venue;
    /// @dev The pool that may ask to be paid now; zero again as soon as it has been.
    address private transient _pool;
    address private transient _tokenIn;
    uint256 private transient _amountIn;

    /// @inheritdoc ICaveatEnforcer
    function beforeAllHook(
        bytes calldata,
        bytes calldata,
        bytes32,
        bytes calldata,
        bytes32,
        address,
        address
    ) external pure {}

    /// @inheritdoc ICaveatEnforcer
    function afterAllHook(
        bytes calldata,
        bytes calldata,
        bytes32,
        bytes calldata,
        bytes32,
        address,
        address
    ) external pure {}

    /// @inheritdoc ICaveatEnforcer
    function beforeHook(
        bytes calldata terms,
        bytes calldata args,
        bytes32 mode,
        bytes calldata executionCalldata,
        bytes32 delegationHash,
        address delegator,
        address redeemer
    ) external {
        if (_expected != 0) revert Reentered();
        _expected = _call(terms, args, delegationHash, delegator);
        Policy calldata policy = _policyOf(terms);
        if (redeemer != policy.sessionKey) revert NotSessionKey(redeemer);
        bytes32 grantId = grantIdOf(policy);
        // The delegation is the grant.
        if (_grants[grantId][delegator].word == 0) _grant(delegator, policy);
        (Market calldata market, bytes32[] calldata proof, Order calldata order, Attestation[] calldata notes) = _argsOf(
            args
        );
        address tokenIn = order.sell ? market.base : policy.quote;
        bytes memory transfer = abi.encodeCall(IERC20.transfer, (address(this), order.amountIn));
        if (mode != 0 || keccak256(executionCalldata) != keccak256(abi.encodePacked(tokenIn, uint256(0), transfer))) {
            revert NotTheTransfer();
        }
        Before memory before;
        (_venue, before) = _begin(delegator, grantId, policy, market, proof, order, notes);
        (_base, _quote, _low, _high) = (before.base, before.quote, before.low, before.high);
        (_meanTick, _answer) = (before.prices.meanTick, before.prices.answer);
    }

    /// @inheritdoc ICaveatEnforcer
    function afterHook(
        bytes calldata terms,
        bytes calldata args,
        bytes32,
        bytes calldata,
        bytes32 delegationHash,
        address delegator,
        address
    ) external {
        if (_expected != _call(terms, args, delegationHash, delegator)) revert HookNotExpected();
        Policy calldata policy = _policyOf(terms);
        (Market calldata market, , Order calldata order, ) = _argsOf(args);
        _trade(policy.quote, market.base, order, delegator);
        Before memory before;
        (before.base, before.quote, before.low, before.high) = (_base, _quote, _low, _high);
        (before.prices.meanTick, before.prices.answer) = (_meanTick, _answer);
        _settle(delegator, grantIdOf(policy), policy, market, order, before);
        _pool = address(0);
        _expected = 0;
    }

    /// @notice Pays the pool of the trade that is being made, once.
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata) external {
        if (msg.sender != _pool) revert CallbackNotExpected(msg.sender);
        _pool = address(0);
        uint256 asked = uint256(amount0Delta > 0 ? amount0Delta : amount1Delta);
        if (asked > _amountIn) revert CallbackTooGreedy(asked, _amountIn);
        _amountIn -= asked;
        IERC20(_tokenIn).safeTransfer(msg.sender, asked);
    }

    function _trade(address quote, address base, Order calldata order, address delegator) private {
        (address tokenIn, address tokenOut) = order.sell ? (base, quote) : (quote, base);
        (_pool, _tokenIn, _amountIn) = (_venue, tokenIn, order.amountIn);
        bool zeroForOne = tokenIn < tokenOut;
        uint160 limit = zeroForOne ? LOWEST_PRICE : HIGHEST_PRICE;
        IUniswapV3Pool(_venue).swap(delegator, zeroForOne, int256(uint256(order.amountIn)), limit, "");
        uint256 rest = _amountIn;
        if (rest > 0) IERC20(tokenIn).safeTransfer(delegator, rest);
    }

    /// @dev Both hooks of one redemption come from one manager and say the same.
    function _call(
        bytes calldata terms,
        bytes calldata args,
        bytes32 delegationHash,
        address delegator
    ) private view returns (bytes32) {
        return keccak256(abi.encode(msg.sender, delegationHash, delegator, keccak256(terms), keccak256(args)));
    }

    function _policyOf(bytes calldata terms) private pure returns (Policy calldata policy) {
        if (terms.length != 14 * 32) revert PolicyMalformed();
        assembly ("memory-safe") {
            policy := terms.offset
        }
        if (policy.paymaster != address(0) || policy.gasBudgetWei != 0) revert PolicyMalformed();
    }

    /// @dev Where the ABI encoding has them. The market is checked by its hash; the rest is the redeemer's to choose.
    function _argsOf(
        bytes calldata args
    )
        private
        pure
        returns (
            Market calldata market,
            bytes32[] calldata proof,
            Order calldata order,
            Attestation[] calldata attestation
        )
    {
        assembly ("memory-safe") {
            market := args.offset
            order := add(args.offset, mul(15, 32))
            let list := add(args.offset, calldataload(add(args.offset, mul(14, 32))))
            proof.offset := add(list, 32)
            proof.length := calldataload(list)
            list := add(args.offset, calldataload(add(args.offset, mul(22, 32))))
            attestation.offset := add(list, 32)
            attestation.length := calldataload(list)
        }
    }
}
