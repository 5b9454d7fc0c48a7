// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice What an owner grants to a session key on one chain. Its keccak256 over the ABI encoding is the grant's id.
/// @dev Static, so that it can be hashed where it lies in calldata. Only the id is stored: the rest comes with each call.
struct Policy {
    /// @dev The chain on which it holds, so that a policy signed for one chain says nothing on another.
    uint256 chainId;
    /// @dev May order trades. Nothing else.
    address sessionKey;
    /// @dev May move the interval inside of the outer bounds by attestations. Zero: nobody may.
    address policyKey;
    /// @dev The only paymaster whose operations are validated. Zero: the account pays for gas itself.
    address paymaster;
    /// @dev The numeraire: what is paid for every base token and received for it.
    address quote;
    /// @dev Begin of the first window, not in the future when granted; `revokeAll` kills all that started before it.
    uint48 start;
    /// @dev The first second in which nothing is allowed any more.
    uint48 expiry;
    /// @dev Length of the rolling window, a multiple of four seconds.
    uint32 windowSeconds;
    /// @dev The most that one trade may lose against the sources of price while these agree, in basis points.
    uint16 lossBps;
    /// @dev Sources further apart than this stop all trades, in basis points of the higher price.
    uint16 maxDeviationBps;
    /// @dev Gas that the paymaster bills beyond what the entry point does, in units of gas.
    uint32 paymasterOverheadGas;
    /// @dev The most that may be traded in any window, in atoms of the quote token.
    uint128 capAtoms;
    /// @dev The most that may be spent for gas in any window, in wei, reverted operations included.
    uint128 gasBudgetWei;
    /// @dev Merkle root (sorted pairs) of the hashes of the markets; with one market its hash.
    bytes32 markets;
}

/// @notice One instrument that may be held: the underlying, or a hedge instrument.
struct Market {
    address base;
    /// @dev A Uniswap V3 pool of base and quote whose mean price over `twapSeconds` is the first source.
    address twapPool;
    uint32 twapSeconds;
    /// @dev The second source: a price feed with Chainlink's interface.
    address feed;
    uint32 feedMaxAgeSeconds;
    /// @dev quote atoms = base atoms · answer · 10^feedExponent.
    int8 feedExponent;
    /// @dev The interval of the holding, in atoms of base: trades go toward it freely and never out of it.
    uint96 low;
    uint96 high;
    /// @dev No attestation can move the interval beyond these.
    uint96 outerLow;
    uint96 outerHigh;
    /// @dev The venues: Uniswap V3 pools of base and quote. Unused places are zero.
    address[4] pools;
}

/// @notice What a session key orders.
struct Order {
    /// @dev True: base for quote.
    bool sell;
    /// @dev Place in `pools`.
    uint8 venue;
    /// @dev The quarter of a window in which it holds, counted from `start`.
    uint32 bucket;
    /// @dev The last second in which it holds.
    uint48 deadline;
    /// @dev Exactly so many atoms are offered.
    uint128 amountIn;
    /// @dev The key's own limit, for keys that mean well.
    uint128 minOut;
    /// @dev Saves gas in a pool that is traded in often: place of the last observation of `twapPool` that is at least
    /// `twapSeconds` old. Only a hint. 65535: it is to be searched for.
    uint16 observation;
}

/// @notice A move of the interval by the owner's policy key. The last one counts, until it expires; then the grant's own
/// interval counts again.
struct Attestation {
    uint96 low;
    uint96 high;
    /// @dev Rises with every attestation for the same grant and market.
    uint32 sequence;
    /// @dev The last second in which it counts.
    uint32 validUntil;
    bytes signature;
}

/// @notice Events and errors of the delta-band permission: an event for every decision to allow, an error for every
/// refusal. What gas an operation took, the entry point's own event says.
interface IDeltaBand {
    event Granted(address indexed account, bytes32 indexed grantId, address indexed sessionKey, uint48 expiry);
    event Revoked(address indexed account, bytes32 indexed grantId);
    /// @notice All grants of the account that started at `issuedUntil` or before are dead.
    event AllRevoked(address indexed account, uint48 issuedUntil);
    event IntervalMoved(
        address indexed account,
        bytes32 indexed grantId,
        address indexed base,
        uint96 low,
        uint96 high,
        uint32 sequence,
        uint32 validUntil
    );
    /// @param chargedAtoms what the trade took of the cap: its notional, raised by rule when the sources disagree
    event Rebalanced(
        address indexed account,
        bytes32 indexed grantId,
        address indexed base,
        bool sell,
        uint256 paid,
        uint256 received,
        uint256 chargedAtoms,
        uint256 deviationBps
    );

    error PolicyMalformed();
    error PolicyOfOtherChain(uint256 chainId);
    error GrantUnknown(bytes32 grantId);
    error GrantRevoked(bytes32 grantId);
    error GrantExpired(uint48 expiry);
    error NotOwner(address account);
    error MarketNotGranted(address base);
    error VenueNotListed(uint8 venue);
    error BucketNotNow(uint32 ordered, uint256 current);
    error OrderExpired(uint48 deadline);
    error FeedStale(uint256 updatedAt);
    error FeedBroken(int256 answer);
    error SourcesDisagree(uint256 deviationBps, uint16 maxDeviationBps);
    error WrongDirection(uint256 holding, uint256 low, uint256 high);
    error Overshoot(uint256 holding, uint256 low, uint256 high);
    error LossAboveBound(uint256 received, uint256 required);
    error BelowMinOut(uint256 received, uint128 minOut);
    error PaidTooMuch(uint256 paid, uint128 amountIn);
    error NothingTraded();
    error CapExceeded(uint256 chargedAtoms);
    error GasBudgetExceeded(uint256 gasWei);
    error AttestationRefused();
    error AttestationOutOfBounds(uint96 low, uint96 high);
    error AttestationStale(uint32 sequence, uint32 validUntil);
}
