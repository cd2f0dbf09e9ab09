// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the pages must say. The program's own sentences come from its French catalogue, so that one without French fails here;
// those of the registers stand here as their YAML has them, and what persons type is theirs.

import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = new URL("../../locale/fr/", import.meta.url);
const catalogue = new Map();
const unquoted = (lines) => [...lines.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) => JSON.parse(`"${m[1]}"`)).join("");
for (const file of readdirSync(fileURLToPath(folder)).filter((f) => f.endsWith(".po"))) {
  const text = readFileSync(new URL(file, folder), "utf8");
  for (const m of text.matchAll(/^msgid((?:\s*"(?:[^"\\]|\\.)*")+)\s*^msgstr((?:\s*"(?:[^"\\]|\\.)*")+)/gm)) catalogue.set(unquoted(m[1]), unquoted(m[2]));
}

/* A sentence of the program in a language, with its arguments. */
export function said(lang, english, ...args) {
  const text = lang === "en" ? english : catalogue.get(english) || `(no French for: ${english})`;
  return text.replace(/%(\d)\$s/g, (all, n) => args[n - 1] ?? all);
}

export const WORDS = {
  en: {
    enrol: "Open your account",
    concerned: "The investigator must not be concerned: not a subject, reporter or custodian, nor in the line above a subject.",
    uncleared: "The investigator is not cleared for the label of this case.",
    originator: "Compromise is certain, probable or cannot be excluded: the originator must be informed first.",
    open: "Still open: 1 of \"Corrective measures\".",
    onlyOwner: "Only whoever is named under \"Investigator\" may take this step.",
    states: { reported: "reported", contained: "contained", triaged: "triaged", investigated: "under investigation", concluded: "investigation concluded",
      measures: "measures under way", closed: "closed", done: "done, to be verified", verified: "verified", waiting: "waiting for a second person" },
    needed: "Contained at",
    closing: "Proposed by one person and confirmed by a second; every measure must be verified first.",
    steps: ["Record containment", "Triage", "Assign to an investigator", "Conclude the investigation", "Record that the originator was informed", "Decide on measures", "Close"],
    summary: "Container 3-114 found open",
    narrative: "At 22:40 the guard found container 3-114 open. Nobody was in the room.",
    containment: "Locked, seals counted.", conclusions: "Lock forgotten; nobody entered.", decision: "Retraining of the section.",
    notice: "Note NOS/3-114/26", measure: "Retrain the section", proof: "Signed list.", verification: "List seen.", lesson: "Lesson: two-person lock-up.",
  },
  fr: {
    enrol: "Ouverture de votre compte",
    concerned: "L'enquêteur ne doit pas être concerné : ni mis en cause, ni déclarant, ni détenteur, ni supérieur d'un mis en cause.",
    uncleared: "L'enquêteur n'est pas habilité au niveau de cette affaire.",
    originator: "La compromission est certaine, probable ou ne peut être exclue : l'autorité d'origine doit d'abord être avisée.",
    open: "Encore ouverts : 1 de « Mesures correctives ».",
    onlyOwner: "Seule la personne indiquée sous « Enquêteur » peut accomplir cette étape.",
    states: { reported: "signalé", contained: "contenu", triaged: "trié", investigated: "à l'enquête", concluded: "enquête conclue",
      measures: "mesures en cours", closed: "clos", done: "faite, à vérifier", verified: "vérifiée", waiting: "en attente d'une seconde personne" },
    needed: "Contenu à",
    closing: "Proposé par une personne, confirmé par une seconde ; toutes les mesures doivent d'abord être vérifiées.",
    steps: ["Consigner la mise sous contrôle", "Trier", "Confier à un enquêteur", "Conclure l'enquête", "Consigner que l'autorité d'origine est avisée", "Décider des mesures", "Clore"],
    summary: "Porte de la salle 2-07 restée ouverte",
    narrative: "À 6 h 15 la ronde a trouvé la porte de la salle 2-07 ouverte. Personne à l'intérieur.",
    containment: "Porte fermée, exemplaires comptés.", conclusions: "Serrure défectueuse ; aucun accès constaté.", decision: "Remplacement de la serrure.",
    notice: "Note NOS/2-07/26", measure: "Remplacer la serrure", proof: "Bon de travaux signé.", verification: "Serrure essayée.", lesson: "Enseignement : contrôle trimestriel des serrures.",
  },
};
