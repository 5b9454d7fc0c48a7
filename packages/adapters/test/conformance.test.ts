import { bridgeConformance, positionSourceConformance, venueConformance } from '@evenkeel/adapters/conformance';
import { describeConformance } from '@evenkeel/adapters/conformance/jest';
import {
  acrossSubject,
  balancer,
  type ConformanceWorld,
  hyperlaneSubject,
  lifiBridgeSubject,
  lifiVenueSubject,
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
  'lifi as a venue',
  venueConformance(() => lifiVenueSubject(place), ['quote']),
);
describeConformance(
  'balancer-v2, the worked example,',
  venueConformance(() => balancer(place), ['quote']),
);
describeConformance(
  'across',
  bridgeConformance(() => acrossSubject(place)),
);
describeConformance(
  'hyperlane',
  bridgeConformance(() => hyperlaneSubject(place)),
);
describeConformance(
  'lifi as a bridge',
  bridgeConformance(() => lifiBridgeSubject(place)),
);
for (const kind of ['erc20', 'v2', 'v3'] as const) {
  describeConformance(
    `positions of ${kind}`,
    positionSourceConformance(() => positionSubject(place, kind)),
  );
}
