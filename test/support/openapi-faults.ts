/** What an OpenAPI 3.1 document of ours must keep, so that its readers' tools work. */

/** Every fault found, one sentence each; to be empty. */
export function openApiFaults(document: any): string[] {
  const faults: string[] = [];
  const operationIds = new Set<string>();
  for (const reference of new Set(referencesIn(document))) {
    if (resolve(document, reference) === undefined) faults.push(`${reference} leads nowhere`);
  }
  for (const [path, item] of Object.entries<any>(document.paths)) {
    for (const [method, operation] of Object.entries<any>(item)) {
      const name = `${method.toUpperCase()} ${path}`;
      if (!operation.operationId) faults.push(`${name} has no operationId`);
      if (operationIds.has(operation.operationId)) faults.push(`${name} has an operationId used before`);
      operationIds.add(operation.operationId);
      if (!operation.summary) faults.push(`${name} has no summary`);
      faults.push(...parameterFaults(name, path, operation.parameters ?? []));
      const answers = Object.entries<any>(operation.responses ?? {});
      if (!answers.some(([status]) => status.startsWith('2'))) faults.push(`${name} has no good answer`);
      for (const [status, answer] of answers) {
        if (!answer.$ref && !answer.description) faults.push(`${name} ${status} has no description`);
      }
      const json = operation.requestBody?.content?.['application/json'];
      if (json)
        faults.push(
          ...openObjects(json.schema, '').map((at) => `${name} takes unknown fields at ${at || '/'}`),
        );
    }
  }
  return faults;
}

function parameterFaults(name: string, path: string, parameters: any[]): string[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  const described = parameters.filter((one) => one.in === 'path').map((one) => one.name as string);
  return [
    ...inPath
      .filter((one) => !described.includes(one ?? ''))
      .map((one) => `${name}: {${one ?? ''}} is not described`),
    ...described.filter((one) => !inPath.includes(one)).map((one) => `${name}: ${one} is not in the path`),
    ...parameters
      .filter((one) => !one.$ref && !one.schema)
      .map((one) => `${name}: ${String(one.name)} has no schema`),
  ];
}

/** Objects with named fields must refuse others; maps such as metadata have no named fields. */
function openObjects(schema: any, at: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const isOpen = schema.properties !== undefined && schema.additionalProperties !== false;
  const inside = Object.entries<any>(schema).flatMap(([name, part]) =>
    ['example', 'examples', 'default', 'enum', 'required'].includes(name)
      ? []
      : openObjects(part, `${at}/${name}`),
  );
  return isOpen ? [at, ...inside] : inside;
}

function referencesIn(part: any): string[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries<any>(part).flatMap(([name, value]) =>
    name === '$ref' && typeof value === 'string' ? [value] : referencesIn(value),
  );
}

function resolve(document: any, reference: string): unknown {
  return reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<any>((part, step) => part?.[step], document);
}
