// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

/// @notice The use of two limits, gas and notional, over a rolling window, in one storage word.
/// @dev A window is four buckets long. The word holds the number of the last bucket and the use of that one and of the four
/// before it, each as a share of the limit, rounded up. Any span as long as a window touches at most five buckets, and their
/// sum never exceeds the limit: so neither does the use in any span, wherever it begins.
///
/// Layout: bits 0 to 99 five shares of gas, 20 bits each, the current bucket lowest; bits 100 to 199 those of notional; bits 200
/// to 231 the bucket; bits 232 to 255 are the caller's and stay as they are.
library RollingUse {
    /// @dev A whole limit.
    uint256 internal constant WHOLE = (1 << 20) - 1;
    uint256 internal constant GAS = 0;
    uint256 internal constant NOTIONAL = 100;
    uint256 private constant SHARES = (1 << 100) - 1;
    uint256 private constant CALLERS = ~uint256((1 << 232) - 1);

    /// @param word what was stored
    /// @param which `GAS` or `NOTIONAL`
    /// @param bucket the bucket in which `amount` is used
    /// @param limit the most that may be used in any window; at most 128 bits
    /// @return next what is to be stored
    /// @return within false when the limit would be exceeded, or the bucket lies before the last one
    function add(
        uint256 word,
        uint256 which,
        uint32 bucket,
        uint256 amount,
        uint256 limit
    ) internal pure returns (uint256 next, bool within) {
        uint256 last = uint32(word >> 200);
        if (amount > limit || bucket < last) return (word, false);
        uint256 passed = bucket - last;
        uint256 gas;
        uint256 notional;
        if (passed < 5) {
            gas = (word << (20 * passed)) & SHARES;
            notional = (((word >> NOTIONAL) & SHARES) << (20 * passed)) & SHARES;
        }
        uint256 share = amount == 0 ? 0 : (amount * WHOLE - 1) / limit + 1;
        if (total(which == GAS ? gas : notional) + share > WHOLE) return (word, false);
        next = (word & CALLERS) | (uint256(bucket) << 200) | ((notional << NOTIONAL) | gas);
        return (next + (share << which), true);
    }

    function total(uint256 shares) private pure returns (uint256) {
        unchecked {
            return
                (shares & WHOLE) +
                ((shares >> 20) & WHOLE) +
                ((shares >> 40) & WHOLE) +
                ((shares >> 60) & WHOLE) +
                ((shares >> 80) & WHOLE);
        }
    }
}
