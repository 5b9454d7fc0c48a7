// Whether there is colour is settled when a module is loaded, and a runner that sets CI or FORCE_COLOR asks for it:
// tests read plain text everywhere.
process.env.NO_COLOR = '1';
