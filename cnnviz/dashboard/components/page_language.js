// Screen readers pronounce, and browsers break lines, by the language of the page.
export default function ({ data }) {
  document.documentElement.lang = data.language;
}
