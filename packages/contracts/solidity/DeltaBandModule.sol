// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {
    IERC7579Execution,
    IERC7579Module,
    IERC7579Validator,
    MODULE_TYPE_EXECUTOR,
    MODULE_TYPE_VALIDATOR,
    VALIDATION_FAILED
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {DeltaBand} from "./DeltaBand.sol";
import {Attestation, Market, Order, Policy} from "./IDeltaBand.sol";
import {RollingUse} from "./libraries/RollingUse.sol";

interface IUniswapV3Pool {
    function swap(
        address recipient,
        bool zeroForOne,
        int256 amountSpecified,
        uint160 sqrtPriceLimitX96,
        bytes calldata data
    ) external returns (int256 amount0, int256 amount1);
}

/// @dev Of `IERC7579Execution`, without what it returns: nobody asks for it.
interface IExecutor {
    function executeFromExecutor(bytes32 mode, bytes calldata executionCalldata) external payable;
}

/// @notice The delta-band permission as an ERC-7579 module: it validates the operations of a session key and, as executor of
/// the same account, carries them out. Both types must be installed.
///
/// A session key can do one thing: `rebalance`, called by the account. It names no recipient, no calldata and no allowance:
/// the module calls the pool, what comes out goes to the account, and the pool's call back is answered by one transfer of at most
/// what was ordered. No allowance is ever given.
contract DeltaBandModule is DeltaBand, IERC7579Validator {
    /// @dev execute(bytes32,bytes), an offset of 64, and the length: what comes before target, value and calldata.
    uint256 private constant EXECUTION_START = 100;
    /// @dev Behind target (20 bytes) and value (32).
    uint256 private constant CALL_START = 152;
    uint256 private constant POLICY_LENGTH = 14 * 32;
    uint160 private constant LOWEST_PRICE = 4295128740;
    uint160 private constant HIGHEST_PRICE = 1461446703485210103287273052203988822378723970341;

    error NotARebalance();
    error PaymasterNotGranted(address paymaster);
    error Reentered();
    error CallbackNotExpected(address caller);
    error CallbackTooGreedy(uint256 asked, uint256 ordered);

    /// @dev Of the trade that is being made. `_pool` is zero again as soon as it has been paid.
    address private transient _busyFor;
    address private transient _pool;
    address private transient _tokenIn;
    uint256 private transient _amountIn;

    // ---- Module

    /// @inheritdoc IERC7579Module
    /// @param data nothing, or the ABI encoding of a `Policy` to be granted at once; behind it a word for each base token whose
    /// first attestation is to cost no more than the later ones
    function onInstall(bytes calldata data) external {
        if (data.length == 0) return;
        Policy calldata policy;
        if (data.length < POLICY_LENGTH || data.length % 32 != 0) revert PolicyMalformed();
        assembly ("memory-safe") {
            policy := data.offset
        }
        bytes32 grantId = _grant(msg.sender, policy);
        for (uint256 at = POLICY_LENGTH; at < data.length; at += 32) {
            _prepareAttestation(msg.sender, grantId, address(uint160(uint256(bytes32(data[at:at + 32])))));
        }
    }

    /// @inheritdoc IERC7579Module
    /// @dev Ends all grants, so that nothing comes to life again with a later installation.
    function onUninstall(bytes calldata) external {
        _revokeAll(msg.sender, uint48(block.timestamp));
    }

    /// @inheritdoc IERC7579Module
    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_VALIDATOR || moduleTypeId == MODULE_TYPE_EXECUTOR;
    }

    // ---- Validator

    /// @inheritdoc IERC7579Validator
    /// @dev Touches storage of the account only and reads no clock (ERC-7562): the bucket that the order names becomes the
    /// time range of the operation, so that gas is charged to the bucket in which it is spent.
    function validateUserOp(
        PackedUserOperation calldata userOp,
        bytes32 userOpHash
    ) external returns (uint256 validationData) {
        (Policy calldata policy, Order calldata order) = _decode(userOp);
        bytes32 grantId = grantIdOf(policy);
        address account = msg.sender;
        Grant storage granted = _requireGranted(account, grantId, policy);
        if (userOp.sender != account || userOp.initCode.length != 0) revert NotARebalance();
        _reserveGas(granted, policy, order, userOp);
        return _timeRange(policy, order) | (_isSigned(policy, userOpHash, userOp.signature) ? 0 : VALIDATION_FAILED);
    }

    /// @inheritdoc IERC7579Validator
    /// @dev A session key signs no messages.
    function isValidSignatureWithSender(address, bytes32, bytes calldata) external pure returns (bytes4) {
        return 0xffffffff;
    }

    /// @dev Only `account.execute(single, this.rebalance(…))`, value zero, in the one encoding that has no gaps.
    function _decode(
        PackedUserOperation calldata userOp
    ) private view returns (Policy calldata policy, Order calldata order) {
        bytes calldata data = userOp.callData;
        // 14 words of policy, 14 of market, offset, 7 words of order, offset; and the lengths of two empty lists.
        if (data.length < CALL_START + 4 + 39 * 32) revert NotARebalance();
        if (
            bytes4(data) != IERC7579Execution.execute.selector ||
            bytes32(data[4:36]) != 0 ||
            uint256(bytes32(data[36:68])) != 64 ||
            address(bytes20(data[EXECUTION_START:EXECUTION_START + 20])) != address(this) ||
            bytes32(data[EXECUTION_START + 20:CALL_START]) != 0 ||
            bytes4(data[CALL_START:CALL_START + 4]) != this.rebalance.selector
        ) revert NotARebalance();
        assembly ("memory-safe") {
            policy := add(data.offset, add(CALL_START, 4))
            order := add(policy, mul(29, 32))
        }
    }

    /// @dev At its limits and highest price: what the operation really costs can only be less.
    function _reserveGas(
        Grant storage granted,
        Policy calldata policy,
        Order calldata order,
        PackedUserOperation calldata userOp
    ) private {
        uint256 limits = uint256(userOp.accountGasLimits);
        uint256 gas = (limits >> 128) + uint128(limits) + userOp.preVerificationGas;
        bytes calldata sponsor = userOp.paymasterAndData;
        if (sponsor.length == 0) {
            if (policy.paymaster != address(0)) revert PaymasterNotGranted(address(0));
        } else {
            address paymaster = address(bytes20(sponsor));
            if (paymaster != policy.paymaster) revert PaymasterNotGranted(paymaster);
            uint256 postOpGas = uint128(bytes16(sponsor[36:52]));
            // A tenth: the entry point's penalty for what is not used of it, which the paymaster hands on.
            gas += uint128(bytes16(sponsor[20:36])) + postOpGas + postOpGas / 10 + policy.paymasterOverheadGas;
        }
        uint256 gasWei = gas * uint128(uint256(userOp.gasFees));
        if (!_use(granted, RollingUse.GAS, order.bucket, gasWei, policy.gasBudgetWei)) {
            revert GasBudgetExceeded(gasWei);
        }
    }

    /// @dev As entry points read it: authorizer (20 bytes, lowest), validUntil (6), validAfter (6). Entry point 0.7 counts
    /// validAfter itself as valid and 0.8 does not; either way the operation stays in its bucket.
    function _timeRange(Policy calldata policy, Order calldata order) private pure returns (uint256) {
        uint256 span = policy.windowSeconds / 4;
        uint256 from = policy.start + uint256(order.bucket) * span;
        uint256 until = from + span - 1;
        if (until > order.deadline) until = order.deadline;
        if (until >= policy.expiry) until = policy.expiry - 1;
        // A range that ends before it begins can never be met; zero would stand for ever.
        if (until == 0 || until >= 1 << 47 || from >= 1 << 47) revert OrderExpired(order.deadline);
        return (until << 160) | (from << 208);
    }

    /// @dev The hash itself (entry points from 0.8 on, EIP-712), or as a message (EIP-191).
    function _isSigned(Policy calldata policy, bytes32 hash, bytes calldata signature) private pure returns (bool) {
        (address signer, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(hash, signature);
        if (failure != ECDSA.RecoverError.NoError) return false;
        if (signer == policy.sessionKey) return true;
        (signer, , ) = ECDSA.tryRecoverCalldata(MessageHashUtils.toEthSignedMessageHash(hash), signature);
        return signer == policy.sessionKey;
    }

    // ---- Executor

    /// @notice Trades for the calling account, within the grant.
    /// @param proof that the market belongs to the policy; empty with one market
    /// @param attestation nothing, or one attestation that moves the interval first
    function rebalance(
        Policy calldata policy,
        Market calldata market,
        bytes32[] calldata proof,
        Order calldata order,
        Attestation[] calldata attestation
    ) external {
        if (_busyFor != address(0)) revert Reentered();
        _busyFor = msg.sender;
        bytes32 grantId = grantIdOf(policy);
        (address pool, Before memory before) = _begin(
            msg.sender,
            grantId,
            policy,
            market,
            proof,
            order,
            attestation
        );
        _swap(pool, policy.quote, market.base, order);
        _settle(msg.sender, grantId, policy, market, order, before);
        _pool = address(0);
        _busyFor = address(0);
    }

    function _swap(address pool, address quote, address base, Order calldata order) private {
        (address tokenIn, address tokenOut) = order.sell ? (base, quote) : (quote, base);
        _pool = pool;
        _tokenIn = tokenIn;
        _amountIn = order.amountIn;
        bool zeroForOne = tokenIn < tokenOut;
        uint160 limit = zeroForOne ? LOWEST_PRICE : HIGHEST_PRICE;
        IUniswapV3Pool(pool).swap(msg.sender, zeroForOne, int256(uint256(order.amountIn)), limit, "");
    }

    /// @notice Pays the pool of the trade that is being made, once.
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata) external {
        if (msg.sender != _pool) revert CallbackNotExpected(msg.sender);
        _pool = address(0);
        uint256 asked = uint256(amount0Delta > 0 ? amount0Delta : amount1Delta);
        if (asked > _amountIn) revert CallbackTooGreedy(asked, _amountIn);
        bytes memory transfer = abi.encodeCall(IERC20.transfer, (msg.sender, asked));
        IExecutor(_busyFor).executeFromExecutor(
            bytes32(0),
            abi.encodePacked(_tokenIn, uint256(0), transfer)
        );
    }
}
