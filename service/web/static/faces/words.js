// What the faces say themselves, in the three languages of their readers; the pages say a little more.

/** @typedef {"de"|"en"|"vi"} Lang */

export const LANGUAGES = /** @type {Lang[]} */ (["de", "en", "vi"]);

const DE = {
  search: "Suche in den Dokumenten",
  question: "Ihre Frage",
  placeholder: "Was wurde zu einer Resolution festgestellt?",
  ask: "Fragen",
  suggested: (n) => (n === 1 ? "1 Vorschlag" : `${n} Vorschläge`),
  examples: "Zum Beispiel",
  asking: "Die Dokumente werden gelesen …",
  slowly: "Das dauert länger als sonst.",
  answer: "Antwort",
  answered: (n) => (n === 1 ? "Antwort mit 1 Aussage." : `Antwort mit ${n} Aussagen.`),
  refused: "Keine belegbare Antwort.",
  hits: "Weitere Fundstellen",
  near: "Ähnliche Stellen",
  nothing: "Es wurde nichts gefunden.",
  known: "Bekannt sind:",
  told: "Dazu sagen die Dokumente etwas:",
  source: (n) => `Fundstelle ${n} zeigen`,
  opening: "Der Abschnitt wird geladen …",
  inDocument: "Im Dokument ansehen",
  original: "Quelle",
  copy: "Als Zitat kopieren",
  copied: "Kopiert.",
  byHand: "Bitte von Hand kopieren (Strg+C):",
  retry: "Noch einmal",
  retryIn: (s) => `Neuer Versuch in ${s} s`,
  troubles: {
    offline: "Der Dienst ist nicht zu erreichen. Besteht eine Verbindung?",
    slow: "Der Dienst hat nicht rechtzeitig geantwortet.",
    key: "Diese Seite darf den Dienst nicht fragen. Bitte wenden Sie sich an die Verwaltung der Seite.",
    many: "Es wurde gerade sehr oft gefragt.",
    busy: "Der Dienst hat gerade viel zu tun.",
    gone: "Das gibt es hier nicht oder nicht mehr.",
    wrong: "So lässt sich nicht fragen.",
    broken: "Im Dienst ist ein Fehler aufgetreten.",
  },
  changed: "Das Dokument ist inzwischen ein anderes. Bitte fragen Sie noch einmal.",
  aspects: { results: "Ergebnisse", shortcomings: "Mängel", causes: "Ursachen", tasks: "Aufgaben", solutions: "Lösungen",
    proposals: "Vorschläge", participants: "Teilnehmende", goals: "Ziele" },
  questions: {
    "": (act) => `Was wurde zu ${act} festgestellt?`,
    results: (act) => `Welche Ergebnisse gab es bei ${act}?`,
    shortcomings: (act) => `Welche Mängel wurden bei ${act} festgestellt?`,
    causes: (act) => `Welche Ursachen werden bei ${act} genannt?`,
    tasks: (act) => `Welche Aufgaben werden zu ${act} gestellt?`,
    solutions: (act) => `Welche Lösungen werden zu ${act} genannt?`,
    proposals: (act) => `Welche Vorschläge gab es zu ${act}?`,
    participants: (act) => `Wer nahm an den Sitzungen zu ${act} teil?`,
    goals: (act) => `Welche Ziele werden zu ${act} genannt?`,
  },
};

/** @type {typeof DE} */
const EN = {
  search: "Search the documents",
  question: "Your question",
  placeholder: "What was found on a resolution?",
  ask: "Ask",
  suggested: (n) => (n === 1 ? "1 suggestion" : `${n} suggestions`),
  examples: "For example",
  asking: "Reading the documents …",
  slowly: "This takes longer than usual.",
  answer: "Answer",
  answered: (n) => (n === 1 ? "Answer with 1 statement." : `Answer with ${n} statements.`),
  refused: "No answer that could be cited.",
  hits: "Further passages",
  near: "Similar passages",
  nothing: "Nothing was found.",
  known: "Known:",
  told: "What the documents do say of it:",
  source: (n) => `Show source ${n}`,
  opening: "Loading the passage …",
  inDocument: "See it in the document",
  original: "Source",
  copy: "Copy as quotation",
  copied: "Copied.",
  byHand: "Please copy by hand (Ctrl+C):",
  retry: "Try again",
  retryIn: (s) => `Trying again in ${s} s`,
  troubles: {
    offline: "The service cannot be reached. Is there a connection?",
    slow: "The service did not answer in time.",
    key: "This page may not ask the service. Please contact whoever runs the page.",
    many: "There have been very many questions just now.",
    busy: "The service has much to do at the moment.",
    gone: "This does not exist here, or not any more.",
    wrong: "It cannot be asked like this.",
    broken: "Something went wrong within the service.",
  },
  changed: "The document has changed since. Please ask again.",
  aspects: { results: "results", shortcomings: "shortcomings", causes: "causes", tasks: "tasks", solutions: "solutions",
    proposals: "proposals", participants: "participants", goals: "goals" },
  questions: {
    "": (act) => `What was found on ${act}?`,
    results: (act) => `What results were there on ${act}?`,
    shortcomings: (act) => `What shortcomings were found on ${act}?`,
    causes: (act) => `What causes are named on ${act}?`,
    tasks: (act) => `What tasks are set on ${act}?`,
    solutions: (act) => `What solutions are named on ${act}?`,
    proposals: (act) => `What was proposed on ${act}?`,
    participants: (act) => `Who took part in the meetings on ${act}?`,
    goals: (act) => `What are the goals of ${act}?`,
  },
};

/** @type {typeof DE} */
const VI = {
  search: "Tìm trong các văn bản",
  question: "Câu hỏi của bạn",
  placeholder: "Các văn bản nói gì về một nghị quyết?",
  ask: "Hỏi",
  suggested: (n) => `${n} gợi ý`,
  examples: "Ví dụ",
  asking: "Đang đọc các văn bản …",
  slowly: "Việc này lâu hơn bình thường.",
  answer: "Trả lời",
  answered: (n) => `Câu trả lời gồm ${n} đoạn trích.`,
  refused: "Không có câu trả lời nào có thể trích dẫn.",
  hits: "Các đoạn văn khác",
  near: "Các đoạn văn tương tự",
  nothing: "Không tìm thấy gì.",
  known: "Các văn kiện có:",
  told: "Các văn bản có nói về:",
  source: (n) => `Xem nguồn ${n}`,
  opening: "Đang tải đoạn văn …",
  inDocument: "Xem trong văn bản",
  original: "Nguồn",
  copy: "Sao chép trích dẫn",
  copied: "Đã sao chép.",
  byHand: "Vui lòng tự sao chép (Ctrl+C):",
  retry: "Thử lại",
  retryIn: (s) => `Thử lại sau ${s} giây`,
  troubles: {
    offline: "Không kết nối được với dịch vụ. Mạng có hoạt động không?",
    slow: "Dịch vụ không trả lời kịp thời.",
    key: "Trang này không được phép hỏi dịch vụ. Vui lòng liên hệ người quản lý trang.",
    many: "Vừa có quá nhiều câu hỏi.",
    busy: "Dịch vụ đang bận.",
    gone: "Nội dung này không có hoặc không còn ở đây.",
    wrong: "Không thể hỏi như vậy.",
    broken: "Dịch vụ gặp lỗi.",
  },
  changed: "Văn bản đã thay đổi. Vui lòng hỏi lại.",
  aspects: { results: "kết quả", shortcomings: "hạn chế", causes: "nguyên nhân", tasks: "nhiệm vụ", solutions: "giải pháp",
    proposals: "đề xuất", participants: "thành phần tham dự", goals: "mục tiêu" },
  questions: {
    "": (act) => `Các văn bản nói gì về ${act}?`,
    results: (act) => `Kết quả thực hiện ${act} là gì?`,
    shortcomings: (act) => `Những hạn chế nào được nêu về ${act}?`,
    causes: (act) => `Những nguyên nhân nào được nêu về ${act}?`,
    tasks: (act) => `Những nhiệm vụ nào được đặt ra về ${act}?`,
    solutions: (act) => `Những giải pháp nào được nêu về ${act}?`,
    proposals: (act) => `Những đề xuất nào được nêu về ${act}?`,
    participants: (act) => `Ai đã tham dự các cuộc họp về ${act}?`,
    goals: (act) => `Mục tiêu của ${act} là gì?`,
  },
};

const WORDS = { de: DE, en: EN, vi: VI };

/** @typedef {typeof DE} Words */

/**
 * The words of a language; of the first of some tags, such as `de-AT`, that is one of the three.
 *
 * @param {...(string|null|undefined)} tags
 * @returns {{lang: Lang, words: Words}}
 */
export function wordsOf(...tags) {
  for (const tag of tags) {
    const lang = /** @type {Lang} */ ((tag ?? "").toLowerCase().split(/[-_]/)[0]);
    if (LANGUAGES.includes(lang)) return { lang, words: WORDS[lang] };
  }
  return { lang: "de", words: DE };
}

/**
 * A day as its readers write it; what is no day stays as it is.
 *
 * @param {string|null} day ISO 8601
 * @param {Lang} lang
 */
export function dayIn(day, lang) {
  const date = /^\d{4}-\d\d-\d\d$/.test(day ?? "") ? new Date(`${day}T12:00:00Z`) : null;
  if (!date || Number.isNaN(date.getTime())) return day ?? "";
  const tag = lang === "en" ? "en-GB" : lang;
  return new Intl.DateTimeFormat(tag, { dateStyle: "long", timeZone: "UTC" }).format(date);
}
