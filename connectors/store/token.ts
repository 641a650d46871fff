/** Name of the metadata in which a conditional write leaves its token. Letters alone: each service has its own rules for the rest. */
export const TOKEN_NAME = 'alopextoken';
