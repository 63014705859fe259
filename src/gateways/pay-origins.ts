/** The origins of a gateway's pages, as a variable lists them: forms of ours may lead there. */

/**
 * Addresses apart by commas → their origins.
 *
 * @param refusal  the sentence that names the variables, for a text that is no such list
 */
export function originsOf(addresses: string, refusal: string): readonly string[] {
  return addresses.split(',').map((text) => {
    const address = text.trim();
    if (!/^https?:\/\//.test(address) || !URL.canParse(address)) throw new Error(refusal);
    return new URL(address).origin;
  });
}
