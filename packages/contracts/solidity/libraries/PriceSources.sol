// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

import {IDeltaBand, Market} from "../IDeltaBand.sol";
import {TickPrice} from "./TickPrice.sol";

interface IUniswapV3PoolOracle {
    /// @dev Of seven values; what follows differs between forks.
    function slot0()
        external
        view
        returns (uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality);

    function observations(
        uint256 index
    )
        external
        view
        returns (
            uint32 blockTimestamp,
            int56 tickCumulative,
            uint160 secondsPerLiquidityCumulativeX128,
            bool initialized
        );

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

    /// @dev An observation of a pool, with its age: the clock of pools has 32 bits, so that only ages can be compared.
    struct Observation {
        uint32 age;
        int56 cumulative;
        /// @dev False of a place that the pool keeps for later. What stands there says nothing.
        bool made;
    }

    /// @dev So many observations may have been made since a place was named before it is searched for.
    uint256 private constant STEPS_FROM_HINT = 4;
    /// @dev So many steps of a search go by age. Where trades came too unevenly for that, the others halve what is left.
    uint256 private constant STEPS_BY_AGE = 4;

    /// @dev To be read before a trade: what it does to a pool then moves nothing.
    /// @param hint place of the last observation that is at least as old as the mean is long; a wrong one costs gas only
    function read(Market calldata market, uint16 hint) internal view returns (Prices memory) {
        return
            Prices({
                meanTick: meanTick(IUniswapV3PoolOracle(market.twapPool), market.twapSeconds, hint),
                answer: freshAnswer(market)
            });
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

    /// @dev Arithmetic mean of ticks, so geometric mean of prices, rounded toward minus infinity: to the tick what the pool's
    /// `observe` gives, which reads up to twenty observations to find the two that are needed.
    function meanTick(IUniswapV3PoolOracle pool, uint32 secondsAgo, uint16 hint) internal view returns (int24 tick) {
        if (secondsAgo == 0) revert IDeltaBand.PolicyMalformed();
        (, int24 current, uint16 newest, uint16 count) = pool.slot0();
        Observation memory last = observation(pool, newest);
        // Nothing has been traded since: the price of all that time is the one that stands.
        if (last.age >= secondsAgo) return current;
        (bool found, int56 then_) = cumulativeFrom(pool, secondsAgo, hint, count);
        if (!found) (found, then_) = cumulativeBySearch(pool, secondsAgo, last, newest, count);
        int56 change;
        if (found) {
            change = last.cumulative + int56(current) * int56(uint56(last.age)) - then_;
        } else {
            uint32[] memory at = new uint32[](2);
            at[0] = secondsAgo;
            (int56[] memory cumulatives, ) = pool.observe(at);
            change = cumulatives[1] - cumulatives[0];
        }
        int56 span = int56(uint56(secondsAgo));
        tick = int24(change / span);
        if (change < 0 && change % span != 0) tick--;
    }

    /// @dev The sum of ticks at a moment, looked for at a place that was named and some steps behind it. The caller has seen
    /// that the newest observation is younger than the moment.
    function cumulativeFrom(
        IUniswapV3PoolOracle pool,
        uint32 secondsAgo,
        uint256 hint,
        uint256 count
    ) private view returns (bool found, int56 cumulative) {
        if (hint >= count) return (false, 0);
        Observation memory older = observation(pool, hint);
        if (!older.made || older.age < secondsAgo) return (false, 0);
        for (uint256 step = 0; step < STEPS_FROM_HINT; step++) {
            hint = hint + 1 == count ? 0 : hint + 1;
            Observation memory younger = observation(pool, hint);
            if (younger.age < secondsAgo) return (true, between(older, younger, secondsAgo));
            older = younger;
        }
    }

    /// @dev The same where no place was named, or a wrong one. Trades come about evenly: what lies between two ages is looked
    /// for where it would then be (interpolation search; Peterson, 1957). Places are counted from the oldest on.
    function cumulativeBySearch(
        IUniswapV3PoolOracle pool,
        uint32 secondsAgo,
        Observation memory younger,
        uint256 newest,
        uint256 count
    ) private view returns (bool found, int56 cumulative) {
        uint256 first = newest + 1 == count ? 0 : newest + 1;
        Observation memory older = observation(pool, first);
        if (!older.made) {
            first = 0;
            older = observation(pool, 0);
        }
        // Not that far back: the pool itself is to say so.
        if (older.age < secondsAgo) return (false, 0);
        uint256 low = 0;
        uint256 high = first == 0 ? newest : count - 1;
        for (uint256 step = 0; high - low > 1; step++) {
            uint256 middle = step < STEPS_BY_AGE
                ? low + ((high - low) * (older.age - secondsAgo)) / (older.age - younger.age)
                : (low + high) / 2;
            if (middle == low) middle++;
            Observation memory found_ = observation(pool, first + middle < count ? first + middle : first + middle - count);
            if (found_.age < secondsAgo) (high, younger) = (middle, found_);
            else (low, older) = (middle, found_);
        }
        return (true, between(older, younger, secondsAgo));
    }

    /// @dev As the pool itself would say.
    function between(
        Observation memory older,
        Observation memory younger,
        uint32 secondsAgo
    ) private pure returns (int56) {
        int56 slope = (younger.cumulative - older.cumulative) / int56(uint56(older.age - younger.age));
        return older.cumulative + slope * int56(uint56(older.age - secondsAgo));
    }

    function observation(IUniswapV3PoolOracle pool, uint256 index) private view returns (Observation memory) {
        (uint32 madeAt, int56 cumulative, , bool made) = pool.observations(index);
        unchecked {
            return Observation({age: uint32(block.timestamp) - madeAt, cumulative: cumulative, made: made});
        }
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
