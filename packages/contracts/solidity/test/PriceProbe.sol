// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IUniswapV3PoolOracle, PriceSources} from "../libraries/PriceSources.sol";

/// @notice Shows the mean price that the permission reads beside the one that the pool itself gives.
contract PriceProbe {
    function meanTick(IUniswapV3PoolOracle pool, uint32 secondsAgo, uint16 hint) external view returns (int24) {
        return PriceSources.meanTick(pool, secondsAgo, hint);
    }
}
