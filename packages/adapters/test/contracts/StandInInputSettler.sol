// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import {MandateOutput, StandardOrder} from "./StandInOifTypes.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

interface IPermit2 {
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    struct PermitBatch {
        TokenPermissions[] permitted;
        uint256 nonce;
        uint256 deadline;
    }

    struct TransferDetails {
        address to;
        uint256 requestedAmount;
    }

    function permitWitnessTransferFrom(
        PermitBatch memory permit,
        TransferDetails[] memory details,
        address owner,
        bytes32 witness,
        string memory witnessTypeString,
        bytes memory signature
    ) external;
}

/// STANDS IN for an input settler of the Open Intents Framework, whose own bytecode no npm package publishes: the same
/// functions, order ids and Permit2 witness, drawn through the real Permit2 into an escrow. Its oracle is itself: what was
/// filled elsewhere is what its keeper says.
contract StandInInputSettler {
    using SafeERC20 for IERC20;

    enum OrderStatus {
        None,
        Deposited,
        Claimed,
        Refunded
    }

    string private constant OUTPUT_TYPE =
        "MandateOutput(bytes32 oracle,bytes32 settler,uint256 chainId,bytes32 token,uint256 amount,bytes32 recipient,bytes callbackData,bytes context)";
    string private constant WITNESS_TYPE =
        "Permit2Witness(address user,uint32 expires,address inputOracle,MandateOutput[] outputs)";
    IPermit2 private constant PERMIT2 = IPermit2(0x000000000022D473030F116dDEE9F6B43aC78BA3);

    address private immutable _keeper = msg.sender;
    mapping(bytes32 => OrderStatus) public orderStatus;
    mapping(bytes32 => bytes32) private _solverOf;

    event Finalised(bytes32 indexed orderId, bytes32 solver, bytes32 destination);
    event Refunded(bytes32 indexed orderId);

    function orderIdentifier(StandardOrder memory order) public view returns (bytes32) {
        bytes memory words;
        for (uint256 at = 0; at < order.inputs.length; at++) {
            words = bytes.concat(words, abi.encode(order.inputs[at][0], order.inputs[at][1]));
        }
        bytes memory head =
            abi.encodePacked(order.originChainId, address(this), order.user, order.nonce, order.expires, order.fillDeadline);
        return keccak256(
            bytes.concat(head, abi.encodePacked(order.inputOracle, keccak256(words)), abi.encode(order.outputs))
        );
    }

    /// The order as abi.encode gives it; the signature with 0x00 before it, for "signed for Permit2".
    function openFor(bytes calldata encoded, address sponsor, bytes calldata signature) external {
        StandardOrder memory order = abi.decode(encoded, (StandardOrder));
        require(order.originChainId == block.chainid, "chain");
        require(order.fillDeadline > block.timestamp && order.expires > block.timestamp, "time");
        require(signature[0] == 0x00, "signature type");
        bytes32 id = orderIdentifier(order);
        require(orderStatus[id] == OrderStatus.None, "status");
        orderStatus[id] = OrderStatus.Deposited;
        _draw(order, sponsor, signature[1:]);
    }

    function _draw(StandardOrder memory order, address sponsor, bytes calldata signature) private {
        uint256 count = order.inputs.length;
        IPermit2.TokenPermissions[] memory permitted = new IPermit2.TokenPermissions[](count);
        IPermit2.TransferDetails[] memory details = new IPermit2.TransferDetails[](count);
        for (uint256 at = 0; at < count; at++) {
            permitted[at] = IPermit2.TokenPermissions(address(uint160(order.inputs[at][0])), order.inputs[at][1]);
            details[at] = IPermit2.TransferDetails(address(this), order.inputs[at][1]);
        }
        PERMIT2.permitWitnessTransferFrom(
            IPermit2.PermitBatch(permitted, order.nonce, order.fillDeadline),
            details,
            sponsor,
            _witness(order),
            string.concat(
                "Permit2Witness witness)", OUTPUT_TYPE, WITNESS_TYPE, "TokenPermissions(address token,uint256 amount)"
            ),
            signature
        );
    }

    function _witness(StandardOrder memory order) private pure returns (bytes32) {
        bytes memory hashes;
        for (uint256 at = 0; at < order.outputs.length; at++) {
            MandateOutput memory output = order.outputs[at];
            bytes memory head = abi.encode(
                keccak256(bytes(OUTPUT_TYPE)), output.oracle, output.settler, output.chainId, output.token, output.amount
            );
            bytes memory tail = abi.encode(output.recipient, keccak256(output.callbackData), keccak256(output.context));
            hashes = bytes.concat(hashes, keccak256(bytes.concat(head, tail)));
        }
        bytes32 typeHash = keccak256(bytes(string.concat(WITNESS_TYPE, OUTPUT_TYPE)));
        return keccak256(abi.encode(typeHash, order.user, order.expires, order.inputOracle, keccak256(hashes)));
    }

    /// What an oracle would prove: this solver has filled the order.
    function attest(bytes32 id, bytes32 solver) external {
        require(msg.sender == _keeper, "keeper");
        _solverOf[id] = solver;
    }

    function finalise(
        StandardOrder calldata order,
        uint32[] calldata,
        bytes32[] calldata solvers,
        bytes32 destination,
        bytes calldata
    ) external {
        bytes32 id = orderIdentifier(order);
        require(order.inputOracle == address(this) && _solverOf[id] == solvers[0] && solvers[0] != 0, "not proven");
        require(address(uint160(uint256(solvers[0]))) == msg.sender, "not the solver");
        _release(order, id, OrderStatus.Claimed, address(uint160(uint256(destination))));
        emit Finalised(id, solvers[0], destination);
    }

    /// By anybody, once the order has expired.
    function refund(StandardOrder calldata order) external {
        require(block.timestamp > order.expires, "time");
        bytes32 id = orderIdentifier(order);
        _release(order, id, OrderStatus.Refunded, order.user);
        emit Refunded(id);
    }

    function _release(StandardOrder calldata order, bytes32 id, OrderStatus next, address to) private {
        require(orderStatus[id] == OrderStatus.Deposited, "status");
        orderStatus[id] = next;
        for (uint256 at = 0; at < order.inputs.length; at++) {
            IERC20(address(uint160(order.inputs[at][0]))).safeTransfer(to, order.inputs[at][1]);
        }
    }
}
