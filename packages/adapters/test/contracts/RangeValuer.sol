// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

interface IPool {
    function slot0() external view returns (uint160, int24, uint16, uint16, uint16, uint8, bool);
}

interface IManager {
    function positions(uint256)
        external
        view
        returns (uint96, address, address, address, uint24, int24, int24, uint128, uint256, uint256, uint128, uint128);
}

/// What a position of Uniswap V3 is worth at its pool's own price, in token `1 - underlyingIndex` times 10^12.
contract RangeValuer {
    IPool private immutable _pool;
    IManager private immutable _manager;
    uint256 private immutable _underlyingIndex;
    uint256 private immutable _unit;

    /// @param unit atoms of one unit of the underlying
    constructor(IPool pool, IManager manager, uint256 underlyingIndex, uint256 unit) {
        _pool = pool;
        _manager = manager;
        _underlyingIndex = underlyingIndex;
        _unit = unit;
    }

    /// The same unit for one of the underlying.
    function price() external view returns (uint256) {
        return _inOther(_unit, _root());
    }

    /// @param low square root of the price at the lower end of the range, times 2^96
    function valueOf(uint256 tokenId, uint256 low, uint256 high) external view returns (uint256) {
        (, , , , , , , uint128 liquidity, , , , ) = _manager.positions(tokenId);
        uint256 root = _root();
        uint256 at = root < low ? low : root > high ? high : root;
        uint256 amount0 = (((uint256(liquidity) << 96) / at) * (high - at)) / high;
        uint256 amount1 = (uint256(liquidity) * (at - low)) >> 96;
        (uint256 own, uint256 other) = _underlyingIndex == 0 ? (amount0, amount1) : (amount1, amount0);
        return _inOther(own, root) + other * 1e12;
    }

    function _root() private view returns (uint256 root) {
        (root, , , , , , ) = _pool.slot0();
    }

    function _inOther(uint256 atoms, uint256 root) private view returns (uint256) {
        if (_underlyingIndex == 0) return (((atoms * 1e12 * root) >> 96) * root) >> 96;
        return ((((atoms * 1e12) << 96) / root) << 96) / root;
    }
}
