// What the pages of this service say beside `words.js`.

import { wordsOf } from "./words.js";

const DE = {
  filters: "Eingrenzen",
  reference: "Beschluss",
  place: "Ort",
  period: "Zeitraum",
  from: "von",
  to: "bis",
  documents: (n) => (n === 1 ? "1 Dokument" : `${n} Dokumente`),
  without: (what) => `${what}: nicht mehr eingrenzen`,
  all: "Alle zeigen",
  fewer: "Weniger zeigen",
  language: "Sprache",
  about: "Jede Aussage steht wörtlich in einem Dokument; die Ziffer zeigt, wo.",
  back: "Zur Suche",
  published: "Veröffentlicht",
  fingerprint: "Prüfsumme des Textes",
  also: "Auch unter",
  written: "Sprache des Textes",
  languages: { de: "Deutsch", en: "Englisch", vi: "Vietnamesisch" },
  references: "Genannte Beschlüsse",
  marks: "Hervorheben",
  markReferences: "Beschlüsse",
  thePlace: "Die zitierte Stelle",
  noPlace: "Die Stelle der Adresse gibt es in diesem Text nicht.",
  cite: "Diese Stelle zitieren",
  citeChosen: "Auswahl zitieren",
  copyLink: "Adresse kopieren",
  noDocument: "Dieses Dokument gibt es nicht oder nicht mehr.",
  loading: "Das Dokument wird geladen …",
  key: "Schlüssel",
  keyHint: "Für diesen Dienst ist ein Schlüssel nötig. Er wird nicht gespeichert.",
  useKey: "Verwenden",
  wrongKey: "Dieser Schlüssel gilt hier nicht.",
};

/** @type {typeof DE} */
const EN = {
  filters: "Narrow down",
  reference: "Act",
  place: "Place",
  period: "Period",
  from: "from",
  to: "to",
  documents: (n) => (n === 1 ? "1 document" : `${n} documents`),
  without: (what) => `${what}: stop narrowing down`,
  all: "Show all",
  fewer: "Show fewer",
  language: "Language",
  about: "Every statement stands word for word in a document; the number shows where.",
  back: "To the search",
  published: "Published",
  fingerprint: "Checksum of the text",
  also: "Also as",
  written: "Language of the text",
  languages: { de: "German", en: "English", vi: "Vietnamese" },
  references: "Acts named",
  marks: "Highlight",
  markReferences: "Acts",
  thePlace: "The place cited",
  noPlace: "The place in the address is not in this text.",
  cite: "Cite this place",
  citeChosen: "Cite the selection",
  copyLink: "Copy address",
  noDocument: "This document does not exist, or not any more.",
  loading: "Loading the document …",
  key: "Key",
  keyHint: "This service asks for a key. It is not stored.",
  useKey: "Use it",
  wrongKey: "This key is not accepted here.",
};

/** @type {typeof DE} */
const VI = {
  filters: "Thu hẹp",
  reference: "Văn kiện",
  place: "Địa phương",
  period: "Thời gian",
  from: "từ",
  to: "đến",
  documents: (n) => `${n} văn bản`,
  without: (what) => `${what}: bỏ điều kiện này`,
  all: "Hiện tất cả",
  fewer: "Hiện ít hơn",
  language: "Ngôn ngữ",
  about: "Mỗi câu đều có nguyên văn trong một văn bản; con số cho biết ở đâu.",
  back: "Về trang tìm kiếm",
  published: "Ngày đăng",
  fingerprint: "Mã kiểm tra của văn bản",
  also: "Cũng có ở",
  written: "Ngôn ngữ của văn bản",
  languages: { de: "tiếng Đức", en: "tiếng Anh", vi: "tiếng Việt" },
  references: "Văn kiện được nêu",
  marks: "Tô sáng",
  markReferences: "Văn kiện",
  thePlace: "Đoạn được trích dẫn",
  noPlace: "Vị trí trong địa chỉ không có trong văn bản này.",
  cite: "Trích dẫn đoạn này",
  citeChosen: "Trích dẫn phần đã chọn",
  copyLink: "Sao chép địa chỉ",
  noDocument: "Văn bản này không có hoặc không còn nữa.",
  loading: "Đang tải văn bản …",
  key: "Khóa",
  keyHint: "Dịch vụ này yêu cầu khóa. Khóa không được lưu lại.",
  useKey: "Sử dụng",
  wrongKey: "Khóa này không được chấp nhận ở đây.",
};

const WORDS = { de: DE, en: EN, vi: VI };

/** @typedef {typeof DE & import("./words.js").Words} PageWords */

/**
 * All words of a language, as `wordsOf` chooses it.
 *
 * @param {...(string|null|undefined)} tags
 * @returns {{lang: import("./words.js").Lang, words: PageWords}}
 */
export function pageWordsOf(...tags) {
  const { lang, words } = wordsOf(...tags);
  return { lang, words: { ...words, ...WORDS[lang] } };
}
