/** Names of query parameters and settings whose values are secret, or let somebody act as another. */
const SECRET_VALUE =
  /\b(sig|signature|x-amz-signature|x-amz-credential|x-amz-security-token|x-goog-signature|x-goog-credential|awsaccesskeyid|googleaccessid|accountkey|sharedaccesssignature|access_token|refresh_token|id_token|client_secret|assertion|private_key|secretaccesskey|sessiontoken|password)(["']?\s*[=:]\s*["']?)[^\s&"';,]+/gi;
const AUTHORIZATION = /\b(bearer|basic|sharedkey|sharedkeylite|aws4-hmac-sha256|goog4-[a-z0-9-]+)(\s+)[^\r\n"']+/gi;
const USER_INFO = /(:\/\/)[^/\s@]+@/g;
const PEM = /-----BEGIN [A-Z ]+-----[\s\S]*?(-----END [A-Z ]+-----|$)/g;

/** A text without the secrets that SDKs and services put into their messages. */
export function redact(text: string): string {
  return text
    .replaceAll(PEM, '[redacted]')
    .replaceAll(AUTHORIZATION, '$1$2[redacted]')
    .replaceAll(SECRET_VALUE, '$1$2[redacted]')
    .replaceAll(USER_INFO, '$1[redacted]@');
}

/** An error to be told as a cause: its name and message alone. What SDKs throw carries requests with their headers. */
export function redactedCause(error: unknown): Error {
  const cause = new Error(redact(error instanceof Error ? error.message : String(error)));
  cause.name = error instanceof Error ? error.name : 'Error';
  cause.stack = `${cause.name}: ${cause.message}`;
  return cause;
}
