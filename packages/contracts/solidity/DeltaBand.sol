// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Attestation, IDeltaBand, Market, Order, Policy} from "./IDeltaBand.sol";
import {PriceSources} from "./libraries/PriceSources.sol";
import {RollingUse} from "./libraries/RollingUse.sol";

/// @notice The rules of the delta-band permission, whoever enforces them: grants and their end, the interval of a holding,
/// and the judgement over a trade that has been made.
///
/// **What is bounded.** Let pMin and pMax be the prices of the two sources when a trade is made, dev = 1 − pMin / pMax and l the
/// loss bound. A trade must bring at least 1 − l of its worth by the source that asks less of it. Against the other source it
/// can then lose at most the part l + dev of its notional, and it is charged notional · (l + dev) / l to the cap. So the sum of the
/// losses in any window, by either source, is at most cap · l: when the sources move apart, as in a crash, the bound of the
/// single trade widens and the cap shrinks, by one rule without a threshold, and up to `maxDeviationBps`.
///
/// **What is assumed.** That one of the sources is right: a mean price that was pushed aside, or a feed that is wrong, costs cap
/// and no money. If both are wrong in the same direction, the loss against the true price is not bounded here.
///
/// **What is not bounded.** Market loss: what the holding gains or loses while prices move. That is limited only by the outer
/// bounds of the interval, which the owner chose.
abstract contract DeltaBand is IDeltaBand, EIP712 {
    uint256 internal constant BPS = 10_000;
    uint256 private constant STATUS_GRANTED = 1 << 248;
    uint256 private constant STATUS_REVOKED = 2 << 248;
    /// @dev Some interval of the grant has been moved: only then is it looked up.
    uint256 private constant ATTESTED = 1 << 232;
    /// @dev No attestation and not zero: it never counts, and the first attestation finds storage that is filled.
    uint256 private constant UNATTESTED = 1;

    bytes32 private constant ATTESTATION_TYPE = keccak256(
        "Attestation(address account,bytes32 grantId,address base,uint96 low,uint96 high,uint32 sequence,uint32 validUntil)"
    );
    bytes32 private constant REVOCATION_TYPE = keccak256("Revocation(address account,bytes32 grantId)");
    bytes32 private constant REVOCATION_OF_ALL_TYPE = keccak256("RevocationOfAll(address account,uint48 issuedUntil)");
    /// @dev Without chain and contract: one signature ends grants everywhere.
    bytes32 private immutable _everywhere = keccak256(
        abi.encode(
            keccak256("EIP712Domain(string name,string version)"),
            keccak256("Evenkeel delta band"),
            keccak256("1")
        )
    );

    struct Grant {
        /// @dev Status in the highest byte; below it the use of gas budget and cap (`RollingUse`).
        uint256 word;
    }

    /// @dev By grant first and account second, so that the slots belong to the account as ERC-7562 sees it.
    mapping(bytes32 grantId => mapping(address account => Grant)) internal _grants;
    mapping(address account => uint48) private _revokedUntil;
    /// @dev low | high << 96 | sequence << 192 | validUntil << 224, by hash of grant and base.
    mapping(bytes32 grantAndBase => mapping(address account => uint256)) private _attested;

    constructor() EIP712("Evenkeel delta band", "1") {}

    // ---- Grants

    /// @notice Grants `policy` on the calling account.
    function grant(Policy calldata policy) external returns (bytes32 grantId) {
        return _grant(msg.sender, policy);
    }

    /// @notice Ends one grant of the calling account, from this transaction on and for ever.
    function revoke(bytes32 grantId) external {
        _revoke(msg.sender, grantId);
    }

    /// @notice Ends all grants of the calling account.
    function revokeAll() external {
        _revokeAll(msg.sender, uint48(block.timestamp));
    }

    /// @notice Ends one grant by its owner's signature. Anybody may deliver it.
    function revokeFor(address account, bytes32 grantId, bytes calldata signature) external {
        bytes32 digest = keccak256(abi.encode(REVOCATION_TYPE, account, grantId));
        _requireOwner(account, digest, signature);
        _revoke(account, grantId);
    }

    /// @notice Ends all grants that started at `issuedUntil` or before: one signature for all chains.
    function revokeAllFor(address account, uint48 issuedUntil, bytes calldata signature) external {
        bytes32 digest = keccak256(abi.encode(REVOCATION_OF_ALL_TYPE, account, issuedUntil));
        _requireOwner(account, digest, signature);
        _revokeAll(account, issuedUntil);
    }

    /// @return whether the grant has been made and not revoked; expiry is the policy's
    function isGranted(address account, Policy calldata policy) external view returns (bool) {
        return
            _grants[grantIdOf(policy)][account].word >> 248 == STATUS_GRANTED >> 248 &&
            policy.start > _revokedUntil[account];
    }

    /// @notice Status, and the use of gas budget and cap; see `RollingUse` for the layout.
    function usage(address account, bytes32 grantId) external view returns (uint256 word) {
        return _grants[grantId][account].word;
    }

    function grantIdOf(Policy calldata policy) public pure returns (bytes32) {
        return _hashWords(policy, 14);
    }

    /// @dev The ABI encoding of a static struct is what lies in calldata.
    function _hashWords(Policy calldata from, uint256 words) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let memory_ := mload(0x40)
            calldatacopy(memory_, from, mul(words, 32))
            hash := keccak256(memory_, mul(words, 32))
        }
    }

    function _grant(address account, Policy calldata policy) internal returns (bytes32 grantId) {
        if (policy.chainId != block.chainid) revert PolicyOfOtherChain(policy.chainId);
        if (
            policy.sessionKey == address(0) ||
            policy.start > block.timestamp ||
            policy.windowSeconds == 0 ||
            policy.windowSeconds % 4 != 0 ||
            policy.lossBps == 0 ||
            uint256(policy.lossBps) + policy.maxDeviationBps > BPS
        ) revert PolicyMalformed();
        if (policy.expiry <= block.timestamp) revert GrantExpired(policy.expiry);
        grantId = grantIdOf(policy);
        uint256 word = _grants[grantId][account].word;
        if (word >= STATUS_REVOKED || policy.start <= _revokedUntil[account]) revert GrantRevoked(grantId);
        // A grant made twice keeps what it has used.
        if (word == 0) _grants[grantId][account].word = STATUS_GRANTED;
        emit Granted(account, grantId, policy.sessionKey, policy.expiry);
    }

    function _revoke(address account, bytes32 grantId) private {
        _grants[grantId][account].word = STATUS_REVOKED;
        emit Revoked(account, grantId);
    }

    function _revokeAll(address account, uint48 issuedUntil) internal {
        if (issuedUntil > _revokedUntil[account]) _revokedUntil[account] = issuedUntil;
        emit AllRevoked(account, issuedUntil);
    }

    /// @dev No reading of the clock here: validation may not, and gives the entry point its time range instead.
    function _requireGranted(
        address account,
        bytes32 grantId,
        Policy calldata policy
    ) internal view returns (Grant storage granted) {
        if (policy.chainId != block.chainid) revert PolicyOfOtherChain(policy.chainId);
        granted = _grants[grantId][account];
        uint256 word = granted.word;
        if (word == 0) revert GrantUnknown(grantId);
        if (word >= STATUS_REVOKED || policy.start <= _revokedUntil[account]) revert GrantRevoked(grantId);
    }

    function _requireOwner(address account, bytes32 structHash, bytes calldata signature) private view {
        bytes32 digest = MessageHashUtils.toTypedDataHash(_everywhere, structHash);
        if (!_isSignedBy(account, digest, signature)) revert NotOwner(account);
    }

    /// @dev The key itself, also of an account that delegates by EIP-7702, or what a contract says of a signature (ERC-1271).
    /// Nobody signs for the zero address.
    function _isSignedBy(address signer, bytes32 digest, bytes calldata signature) private view returns (bool) {
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }

    // ---- The interval

    /// @notice Moves the interval by word of the policy key. Anybody may deliver it, so that no session key can hold it back.
    function attest(
        address account,
        Policy calldata policy,
        Market calldata market,
        bytes32[] calldata proof,
        Attestation calldata attestation
    ) external {
        bytes32 grantId = grantIdOf(policy);
        Grant storage granted = _requireGranted(account, grantId, policy);
        _requireMarket(policy, market, proof);
        _attest(granted, account, grantId, policy, market, attestation);
    }

    /// @return low the interval that counts now, in atoms of base
    function intervalOf(
        address account,
        bytes32 grantId,
        Market calldata market
    ) external view returns (uint256 low, uint256 high) {
        return _intervalOf(_grants[grantId][account], account, grantId, market);
    }

    function _intervalOf(
        Grant storage granted,
        address account,
        bytes32 grantId,
        Market calldata market
    ) private view returns (uint256 low, uint256 high) {
        (low, high) = (market.low, market.high);
        if (granted.word & ATTESTED != 0) {
            uint256 word = _attested[_slotOf(grantId, market.base)][account];
            if (word >> 224 >= block.timestamp) (low, high) = (uint96(word), uint96(word >> 96));
        }
        low = Math.max(low, market.outerLow);
        high = Math.min(high, market.outerHigh);
    }

    function _attest(
        Grant storage granted,
        address account,
        bytes32 grantId,
        Policy calldata policy,
        Market calldata market,
        Attestation calldata attestation
    ) private {
        (uint96 low, uint96 high) = (attestation.low, attestation.high);
        (uint32 sequence, uint32 validUntil) = (attestation.sequence, attestation.validUntil);
        if (low > high || low < market.outerLow || high > market.outerHigh) revert AttestationOutOfBounds(low, high);
        bytes32 slot = _slotOf(grantId, market.base);
        if (validUntil < block.timestamp || sequence <= uint32(_attested[slot][account] >> 192)) {
            revert AttestationStale(sequence, validUntil);
        }
        bytes32 digest = _hashTypedDataV4(
            keccak256(
                abi.encode(ATTESTATION_TYPE, account, grantId, market.base, low, high, sequence, validUntil)
            )
        );
        if (!_isSignedBy(policy.policyKey, digest, attestation.signature)) revert AttestationRefused();
        _attested[slot][account] =
            uint256(low) |
            (uint256(high) << 96) |
            (uint256(sequence) << 192) |
            (uint256(validUntil) << 224);
        granted.word |= ATTESTED;
        emit IntervalMoved(account, grantId, market.base, low, high, sequence, validUntil);
    }

    /// @dev Takes on the cost that the first attestation for a market would have.
    function _prepareAttestation(address account, bytes32 grantId, address base) internal {
        bytes32 slot = _slotOf(grantId, base);
        if (_attested[slot][account] == 0) _attested[slot][account] = UNATTESTED;
    }

    function _slotOf(bytes32 grantId, address base) private pure returns (bytes32) {
        return keccak256(abi.encode(grantId, base));
    }

    function _requireMarket(Policy calldata policy, Market calldata market, bytes32[] calldata proof) internal pure {
        Policy calldata words;
        assembly ("memory-safe") {
            words := market
        }
        if (!MerkleProof.verifyCalldata(proof, policy.markets, _hashWords(words, 14))) {
            revert MarketNotGranted(market.base);
        }
    }

    // ---- A trade

    /// @dev What was there before a trade.
    struct Before {
        uint256 base;
        uint256 quote;
        uint256 low;
        uint256 high;
        PriceSources.Prices prices;
    }

    /// @dev All that can be refused before anything moves, and the attestation that comes with an order.
    function _begin(
        address account,
        bytes32 grantId,
        Policy calldata policy,
        Market calldata market,
        bytes32[] calldata proof,
        Order calldata order,
        Attestation[] calldata attestation
    ) internal returns (address pool, Before memory before) {
        Grant storage granted = _requireGranted(account, grantId, policy);
        if (block.timestamp >= policy.expiry) revert GrantExpired(policy.expiry);
        if (block.timestamp > order.deadline) revert OrderExpired(order.deadline);
        uint256 bucket = (block.timestamp - policy.start) / (policy.windowSeconds / 4);
        if (bucket != order.bucket) revert BucketNotNow(order.bucket, bucket);
        _requireMarket(policy, market, proof);
        pool = order.venue < 4 ? market.pools[order.venue] : address(0);
        if (pool == address(0)) revert VenueNotListed(order.venue);
        if (attestation.length > 0) _attest(granted, account, grantId, policy, market, attestation[0]);
        (before.low, before.high) = _intervalOf(granted, account, grantId, market);
        (before.base, before.quote) = _holding(account, policy, market);
        if (order.sell ? before.base <= before.low : before.base >= before.high) {
            revert WrongDirection(before.base, before.low, before.high);
        }
        before.prices = PriceSources.read(market, order.observation);
    }

    /// @dev Judges by what the account holds afterwards, whatever venue and tokens say that they did.
    function _settle(
        address account,
        bytes32 grantId,
        Policy calldata policy,
        Market calldata market,
        Order calldata order,
        Before memory before
    ) internal {
        (uint256 base, uint256 quote) = _holding(account, policy, market);
        (uint256 paid, uint256 received) = order.sell
            ? (Math.saturatingSub(before.base, base), Math.saturatingSub(quote, before.quote))
            : (Math.saturatingSub(before.quote, quote), Math.saturatingSub(base, before.base));
        if (paid == 0) revert NothingTraded();
        if (paid > order.amountIn) revert PaidTooMuch(paid, order.amountIn);
        if (received < order.minOut) revert BelowMinOut(received, order.minOut);
        if (order.sell ? base < before.low : base > before.high) revert Overshoot(base, before.low, before.high);
        (uint256 charged, uint256 deviationBps) = _judge(policy, market, before.prices, order.sell, paid, received);
        if (!_use(_grants[grantId][account], RollingUse.NOTIONAL, order.bucket, charged, policy.capAtoms)) {
            revert CapExceeded(charged);
        }
        emit Rebalanced(account, grantId, market.base, order.sell, paid, received, charged, deviationBps);
    }

    function _use(
        Grant storage granted,
        uint256 which,
        uint32 bucket,
        uint256 amount,
        uint256 limit
    ) internal returns (bool within) {
        uint256 next;
        (next, within) = RollingUse.add(granted.word, which, bucket, amount, limit);
        if (within) granted.word = next;
    }

    /// @dev See the rule above. Everything rounds against the trade.
    function _judge(
        Policy calldata policy,
        Market calldata market,
        PriceSources.Prices memory prices,
        bool sell,
        uint256 paid,
        uint256 received
    ) private pure returns (uint256 charged, uint256 deviationBps) {
        (uint256 lower, uint256 higher) = PriceSources.worth(prices, market, policy.quote, sell ? paid : received);
        deviationBps = higher == 0 ? 0 : Math.ceilDiv((higher - lower) * BPS, higher);
        if (deviationBps > policy.maxDeviationBps) revert SourcesDisagree(deviationBps, policy.maxDeviationBps);
        // Of a sale the money is compared with the lower worth of what was given; of a purchase the higher worth of what
        // came with the money.
        // An atom more for what is given: worth is rounded down, and dust must not go for nothing.
        (uint256 got, uint256 against, uint256 notional) = sell
            ? (received, lower + 1, higher + 1)
            : (higher, paid, paid);
        uint256 required = Math.ceilDiv(against * (BPS - policy.lossBps), BPS);
        if (got < required) revert LossAboveBound(got, required);
        charged = Math.ceilDiv(notional * (policy.lossBps + deviationBps), policy.lossBps);
    }

    function _holding(
        address account,
        Policy calldata policy,
        Market calldata market
    ) private view returns (uint256 base, uint256 quote) {
        return (IERC20(market.base).balanceOf(account), IERC20(policy.quote).balanceOf(account));
    }
}
