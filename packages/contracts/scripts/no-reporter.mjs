// A jest reporter that says nothing: the caller reads the results.
export default class NoReporter {}
