import { bytes } from "proxy-wasm-as/bytes";
import { Value, ValueKind } from "./value";

const MAX_LABEL_BYTES = 96;
const UNPRINTABLE: u8 = 0x3f;

const PATH = bytes("path");
const PATH_SEGMENT = bytes("path:");
const QUERY_NAME = bytes("query-name:");
const QUERY = bytes("query:");
const COOKIE_NAME = bytes("cookie-name:");
const COOKIE = bytes("cookie:");
const HEADER = bytes("header:");
const FORM_NAME = bytes("form-name:");
const FORM = bytes("form:");
const JSON_NAME = bytes("json-name:");
const JSON_STRING = bytes("json:");
const FILE_NAME = bytes("file-name:");
const FILE = bytes("file:");
const XML_NAME = bytes("xml-name:");
const XML_TEXT = bytes("xml:");
const BODY = bytes("body");
const REST = bytes("rest");
const PATH_PARAMETER = bytes("path-parameter:");
const GRAPHQL_NAME = bytes("graphql-name:");
const GRAPHQL = bytes("graphql:");

/** Where a value stands, for the log: `query:q`, `json:/items/0/note`, `path:2`. Printable ASCII, at most 96 bytes. */
export function fieldLabel(value: Value): Uint8Array {
  const prefix = labelPrefix(value.kind);
  const name = value.name;
  const label = new Uint8Array(min(prefix.length + name.length, MAX_LABEL_BYTES));
  memory.copy(label.dataStart, prefix.dataStart, prefix.length);
  for (let i = prefix.length; i < label.length; i++) {
    const byte = unchecked(name[i - prefix.length]);
    unchecked((label[i] = byte >= 0x20 && byte < 0x7f ? byte : UNPRINTABLE));
  }
  return label;
}

function labelPrefix(kind: ValueKind): Uint8Array {
  switch (kind) {
    case ValueKind.Path:
      return PATH;
    case ValueKind.PathSegment:
      return PATH_SEGMENT;
    case ValueKind.QueryName:
      return QUERY_NAME;
    case ValueKind.QueryValue:
      return QUERY;
    case ValueKind.CookieName:
      return COOKIE_NAME;
    case ValueKind.CookieValue:
      return COOKIE;
    case ValueKind.Header:
      return HEADER;
    case ValueKind.FormName:
      return FORM_NAME;
    case ValueKind.FormValue:
      return FORM;
    case ValueKind.JsonName:
      return JSON_NAME;
    case ValueKind.JsonString:
      return JSON_STRING;
    case ValueKind.FileName:
      return FILE_NAME;
    case ValueKind.File:
      return FILE;
    case ValueKind.XmlName:
      return XML_NAME;
    case ValueKind.XmlText:
      return XML_TEXT;
    case ValueKind.Text:
      return BODY;
    case ValueKind.PathParameter:
      return PATH_PARAMETER;
    case ValueKind.GraphqlName:
      return GRAPHQL_NAME;
    case ValueKind.GraphqlString:
      return GRAPHQL;
    default:
      return REST;
  }
}
