import { readFileSync } from 'node:fs';
import { heldOrders, type LimitOrderSource, type SignedLimitOrder } from '@evenkeel/adapters/oneinch-lop';
import { EvenkeelError } from '@evenkeel/intents';
import * as v from 'valibot';

/** A file of signed orders is not there, or is none. Code `ORDER_FILE_INVALID`. */
export class OrderFileError extends EvenkeelError {
  constructor(file: string, problem: string, cause?: unknown) {
    super('ORDER_FILE_INVALID', `The file of orders "${file}" ${problem}.`, {
      field: 'instruments.oneinchLop.ordersFile',
      value: file,
      hint: 'Give a JSON list of { order, signature }, amounts as strings of digits.',
      cause,
    });
  }
}

const listSchema = v.array(v.unknown());

/**
 * Signed orders in a file: a JSON list of `{ order, signature }`, read anew whenever it is asked. What stands in it are
 * claims by strangers: the venue leaves out what is no order, and asks the chain about the others.
 *
 * @throws {OrderFileError} by `orders`, where the file cannot be read or is no list
 */
export function fileOrders(file: string): LimitOrderSource {
  return heldOrders(() => {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      throw new OrderFileError(file, 'cannot be read', error);
    }
    let content: unknown;
    try {
      content = JSON.parse(text);
    } catch (error) {
      throw new OrderFileError(file, 'is no JSON', error);
    }
    if (!v.is(listSchema, content)) throw new OrderFileError(file, 'holds no list');
    return content as readonly SignedLimitOrder[];
  });
}
