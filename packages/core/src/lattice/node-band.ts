/**
 * The optimum at one node: below `buyOuter` buy up to `buyInner`, above `sellOuter` sell down to `sellInner`. Holdings; an
 * outer edge beyond the holdings of the lattice is infinite.
 */
export interface NodeBand {
  buyOuter: number;
  buyInner: number;
  sellInner: number;
  sellOuter: number;
  /**
   * What a trade from no holding gains over none, numeraire; negative where staying flat is better, to save the gas of
   * unwinding, and infinite where there is no such gas to save.
   */
  flatGain: number;
  /**
   * Above ½ where a trade does not land on an inner edge but at no holding at all: late, out of the money, with gas for
   * the unwinding to be saved. Nothing is then traded on the side of the flat holding.
   */
  toFlat: number;
}
