// Whether a JSON value is of a TypeScript type, by the compiler's own understanding of the type: what is missing, what
// is unknown, what has another type. Values are as they travel: enums as their members' names, dates as text.
import ts from "typescript";

export function compiler(files) {
  const program = ts.createProgram(files, { strict: true, noEmit: true, skipLibCheck: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext });
  return { program, checker: program.getTypeChecker(), source: (name) => program.getSourceFile(name) };
}

const lowerFirst = (text) => text.charAt(0).toLowerCase() + text.slice(1);

// `answer`: null stands for a missing value, as descriptions seldom say which fields may be null, and a field that the
// description calls required may be missing; then it is in `missing`, for those who care.
export function valueAgainstType({ checker }, { answer = false, unknownAllowed = () => false } = {}) {
  function named(type) {
    return type.aliasSymbol?.name ?? type.symbol?.name ?? "";
  }
  function literals(type) {
    return type.isUnion() ? type.types.flatMap(literals) : type.isStringLiteral() ? [type.value] : [];
  }
  function enumNames(type) {
    if (type.isUnion()) return type.types.flatMap(enumNames);
    return type.flags & ts.TypeFlags.EnumLiteral && type.symbol ? [lowerFirst(type.symbol.name)] : [];
  }
  function check(value, type, at) {
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.NonPrimitive)) return [];
    if (value === null) {
      const may = answer || (type.isUnion() && type.types.some((one) => one.flags & ts.TypeFlags.Null));
      return may ? [] : [`${at} is null`];
    }
    const enums = enumNames(type);
    if (enums.length && typeof value === "string") return enums.includes(lowerFirst(value)) ? [] : [`${at}: ${value} is none of ${enums.join(", ")}`];
    if (type.isUnion()) {
      let best;
      for (const one of type.types) {
        const problems = check(value, one, at);
        if (!problems.length) return [];
        if (!best || problems.length < best.length) best = problems;
      }
      const texts = literals(type);
      return texts.length && typeof value === "string" ? [`${at}: ${value} is none of ${texts.join(", ")}`] : best;
    }
    if (typeof value === "string") {
      if (type.isStringLiteral()) return type.value === value ? [] : [`${at}: ${value} is not ${type.value}`];
      if (type.flags & ts.TypeFlags.StringLike || named(type) === "Date") return [];
      return [`${at} is a string, not ${checker.typeToString(type)}`];
    }
    if (typeof value === "number") return type.flags & ts.TypeFlags.NumberLike ? [] : [`${at} is a number, not ${checker.typeToString(type)}`];
    if (typeof value === "boolean") {
      if (type.flags & ts.TypeFlags.BooleanLiteral) return checker.typeToString(type) === String(value) ? [] : [`${at} is ${value}`];
      return type.flags & ts.TypeFlags.BooleanLike ? [] : [`${at} is a boolean, not ${checker.typeToString(type)}`];
    }
    if (Array.isArray(value)) {
      if (!checker.isArrayLikeType(type)) return [`${at} is a list, not ${checker.typeToString(type)}`];
      const element = checker.getIndexTypeOfType(type, ts.IndexKind.Number);
      return value.flatMap((one, i) => check(one, element, `${at}[${i}]`));
    }
    if (checker.isArrayLikeType(type) || !(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) {
      return [`${at} is an object, not ${checker.typeToString(type)}`];
    }
    const properties = propertiesOf(type);
    const index = checker.getIndexTypeOfType(type, ts.IndexKind.String);
    const problems = [];
    for (const [name, one] of Object.entries(value)) {
      const property = properties.find((p) => p.name === name);
      if (property) {
        let of = checker.getTypeOfSymbol(property);
        if (property.flags & ts.SymbolFlags.Optional && of.isUnion()) of = checker.getNonNullableType(of).flags & ts.TypeFlags.Never ? of : removeUndefined(of);
        problems.push(...check(one, of, `${at}.${name}`));
      } else if (!(index && properties.length < 2) && !unknownAllowed(name, `${at}.${name}`)) {
        problems.push(`${at}: no field ${name}`);
      }
    }
    for (const property of properties) {
      if (property.flags & ts.SymbolFlags.Optional || property.name in value || answer) continue;
      if (checker.getTypeOfSymbol(property).flags & ts.TypeFlags.Undefined) continue;
      problems.push(`${at}: ${property.name} is missing`);
    }
    return problems;
  }
  // Omit<> of a type that takes any further fields forgets the fields that it names.
  function propertiesOf(type) {
    const own = new Map(checker.getPropertiesOfType(type).map((one) => [one.name, one]));
    const parts = type.isIntersection() ? [...type.types] : [];
    if (type.aliasSymbol?.name === "Omit") parts.push(type.aliasTypeArguments[0]);
    for (const part of parts) for (const one of propertiesOf(part)) if (!own.has(one.name)) own.set(one.name, one);
    return [...own.values()];
  }
  function removeUndefined(type) {
    return type.isUnion() ? { ...type, isUnion: () => true, types: type.types.filter((one) => !(one.flags & ts.TypeFlags.Undefined)), flags: type.flags, isStringLiteral: () => false } : type;
  }
  return check;
}

// A member of a type by its name; undefined where there is none.
export function member({ checker }, type, name) {
  if (!type) return undefined;
  const property = checker.getPropertyOfType(checker.getNonNullableType(type), name);
  return property && checker.getNonNullableType(checker.getTypeOfSymbol(property));
}
