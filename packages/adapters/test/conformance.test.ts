import { positionSourceConformance, venueConformance } from '@evenkeel/adapters/conformance';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import {
  balancer,
  type ConformanceWorld,
  openConformanceWorld,
  positionSubject,
  uniswapSubject,
} from './support/conformance-world.js';

let place: ConformanceWorld;

beforeAll(async () => {
  place = await openConformanceWorld();
}, 120_000);
afterAll(() => place?.close());

for (const version of ['v2', 'v3', 'v4'] as const) {
  const checks = venueConformance(() => uniswapSubject(place, version), ['curve']);
  describeConformance(`uniswap-${version}`, checks);
}
describeConformance(
  'balancer-v2, the worked example,',
  venueConformance(() => balancer(place), ['quote']),
);
for (const kind of ['erc20', 'v2', 'v3'] as const) {
  describeConformance(
    `positions of ${kind}`,
    positionSourceConformance(() => positionSubject(place, kind)),
  );
}
