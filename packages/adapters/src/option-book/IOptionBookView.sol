// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What a contract has to answer for its options to be read by optionBookView().
interface IOptionBookView {
    struct OptionView {
        /// Unique within the book, the same each time.
        bytes32 id;
        bool isCall;
        /// Options on one unit of the underlying each, times 1e18; short is negative.
        int256 sizeWad;
        /// Numeraire per unit of the underlying, times 1e18.
        uint256 strikeWad;
        uint64 expirySeconds;
        /// Per root year, times 1e18: 0.7e18 is 70 %. Zero where the book does not say: then a feed does.
        uint256 annualVolatilityWad;
        /// Forward over spot, times 1e18. Zero where the book does not say.
        uint256 forwardRatioWad;
        /// When volatility and forward were set. Zero where the book does not say either.
        uint64 updatedAtSeconds;
    }

    /// How many options the owner has, so that a list cut short is seen.
    function optionCount(address owner) external view returns (uint256);

    function optionsOf(address owner) external view returns (OptionView[] memory);
}
