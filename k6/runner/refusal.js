// What of k6 is not offered here is refused by its name.

/** A script asked for something of k6 that this runner does not have. */
export class Refusal extends Error {}

/**
 * The object, and a Refusal for every member that it has not, read or set.
 * @template {object} T
 * @param {string} name
 * @param {T} members
 * @returns {T}
 */
export function only(name, members) {
  /** @param {string | symbol} member */
  const refuse = (member) => {
    throw new Refusal(`${name}.${String(member)} is not offered`);
  };
  return new Proxy(members, {
    get(target, member) {
      // Promises ask every value for `then`, JSON for `toJSON`.
      const isAsked = typeof member === "symbol" || member === "then" || member === "toJSON";
      const value = isAsked || member in target ? Reflect.get(target, member) : refuse(member);
      return typeof value === "function" && !isClass(value) ? value.bind(target) : value;
    },
    set: (_, member) => refuse(member),
  });
}

/** @param {Function} value */
function isClass(value) {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

/**
 * Refuses keys of `given` that are not `known`.
 * @param {string} name
 * @param {object} given
 * @param {string[]} known
 */
export function onlyKeys(name, given, known) {
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) {
      throw new Refusal(`${name}.${key} is not offered`);
    }
  }
}
