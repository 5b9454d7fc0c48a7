import { constantBandRule } from './constant-band.js';
import { fixedIntervalRule } from './fixed-interval.js';
import { holdRule } from './hold.js';
import { optimalRule } from './optimal.js';
import type { Rule, RuleConfig } from './rule.js';
import { whalleyWilmott1997Rule } from './whalley-wilmott-1997.js';
import { whalleyWilmott1999Rule } from './whalley-wilmott-1999.js';
import { zakamouline2006Rule } from './zakamouline-2006.js';

/** The rule that a configuration names. */
export function ruleOf(config: RuleConfig): Rule {
  switch (config.kind) {
    case 'hold':
      return holdRule;
    case 'fixed-interval':
      return fixedIntervalRule(config);
    case 'constant-band':
      return constantBandRule(config);
    case 'whalley-wilmott-1997':
      return whalleyWilmott1997Rule;
    case 'whalley-wilmott-1999':
      return whalleyWilmott1999Rule(config);
    case 'zakamouline-2006':
      return zakamouline2006Rule;
    case 'optimal':
      return optimalRule;
  }
}
