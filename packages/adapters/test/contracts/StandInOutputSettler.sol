// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {MandateOutput} from "./StandInOifTypes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// STANDS IN for an output settler of the Open Intents Framework, for plain limit orders: the same function and event.
contract StandInOutputSettler {
    using SafeERC20 for IERC20;

    mapping(bytes32 => mapping(bytes32 => bytes32)) public getFillRecord;

    event OutputFilled(
        bytes32 indexed orderId, bytes32 solver, uint32 timestamp, MandateOutput output, uint256 finalAmount
    );

    function fill(bytes32 orderId, MandateOutput calldata output, uint48 fillDeadline, bytes calldata fillerData)
        external
        returns (bytes32 record)
    {
        require(block.timestamp <= fillDeadline, "time");
        require(output.chainId == block.chainid, "chain");
        require(output.settler == bytes32(uint256(uint160(address(this)))), "settler");
        bytes32 hash = keccak256(abi.encode(output));
        require(getFillRecord[orderId][hash] == 0, "filled");
        bytes32 solver = bytes32(fillerData);
        record = keccak256(abi.encodePacked(solver, uint32(block.timestamp)));
        getFillRecord[orderId][hash] = record;
        address recipient = address(uint160(uint256(output.recipient)));
        IERC20(address(uint160(uint256(output.token)))).safeTransferFrom(msg.sender, recipient, output.amount);
        emit OutputFilled(orderId, solver, uint32(block.timestamp), output, output.amount);
    }
}
