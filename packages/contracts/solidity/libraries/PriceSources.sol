// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IDeltaBand, Market} from "../IDeltaBand.sol";
import {TickPrice} from "./TickPrice.sol";

interface IUniswapV3PoolOracle {
    function observe(
        uint32[] calldata secondsAgos
    ) external view returns (int56[] memory tickCumulatives, uint160[] memory secondsPerLiquidityCumulativeX128s);
}

interface IPriceFeed {
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}

/// @notice What an amount of a base token is worth by two sources: the mean price of a pool, and a feed.
/// @dev Assumption: at any time at least one of the two is right. Which one need not be known: see `DeltaBand`.
library PriceSources {
    /// @dev Of one market at one moment.
    struct Prices {
        int24 meanTick;
        uint256 answer;
    }

    /// @dev To be read before a trade: what it does to a pool then moves nothing, and old observations need no search.
    function read(Market calldata market) internal view returns (Prices memory) {
        return Prices({meanTick: meanTick(market.twapPool, market.twapSeconds), answer: freshAnswer(market)});
    }

    /// @return lower worth by the source that says less, in atoms of quote, rounded down
    /// @return higher worth by the source that says more
    function worth(
        Prices memory prices,
        Market calldata market,
        address quote,
        uint256 baseAtoms
    ) internal pure returns (uint256 lower, uint256 higher) {
        uint256 byPool = TickPrice.quoteAt(prices.meanTick, baseAtoms, market.base, quote);
        uint256 product = baseAtoms * prices.answer;
        int256 exponent = market.feedExponent;
        uint256 byFeed = exponent < 0 ? product / 10 ** uint256(-exponent) : product * 10 ** uint256(exponent);
        return byPool < byFeed ? (byPool, byFeed) : (byFeed, byPool);
    }

    /// @dev Arithmetic mean of ticks, so geometric mean of prices, rounded toward minus infinity.
    function meanTick(address pool, uint32 secondsAgo) private view returns (int24 tick) {
        uint32[] memory at = new uint32[](2);
        at[0] = secondsAgo;
        (int56[] memory cumulatives, ) = IUniswapV3PoolOracle(pool).observe(at);
        int56 change = cumulatives[1] - cumulatives[0];
        int56 span = int56(uint56(secondsAgo));
        tick = int24(change / span);
        if (change < 0 && change % span != 0) tick--;
    }

    function freshAnswer(Market calldata market) private view returns (uint256) {
        (, int256 answer, , uint256 updatedAt, ) = IPriceFeed(market.feed).latestRoundData();
        if (answer <= 0) revert IDeltaBand.FeedBroken(answer);
        if (updatedAt > block.timestamp || block.timestamp - updatedAt > market.feedMaxAgeSeconds) {
            revert IDeltaBand.FeedStale(updatedAt);
        }
        return uint256(answer);
    }
}
