/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What castellan-verify can say, in English and French. Arguments are texts and come in the same order in both.
 */
#include "cv.h"

static const char *const words[CV_WORDS][2] = {
    [CV_EDIT] = {"entry %s was edited", "l’entrée %s a été modifiée"},
    [CV_INSERTION] = {"from entry %s on something was inserted", "quelque chose a été inséré à partir de l’entrée %s"},
    [CV_DELETION] = {"at entry %s something was deleted", "quelque chose a été supprimé à l’entrée %s"},
    [CV_REORDERING] = {"from entry %s on the order was changed", "l’ordre a été changé à partir de l’entrée %s"},
    [CV_TRUNCATION] = {"from entry %s on the journal was cut", "le journal est tronqué à partir de l’entrée %s"},
    [CV_FORK_HASHES] = {"from entry %s on the history is another one than the stored hashes know",
        "à partir de l’entrée %s, l’historique n’est pas celui que connaissent les empreintes conservées"},
    [CV_UNREADABLE] = {"entry %s is not in the one form that an entry has",
        "l’entrée %s n’est pas dans l’unique forme qu’une entrée peut avoir"},
    [CV_BAD_HASH] = {"the stored hash of entry %s is wrong; the entry is the one that was signed",
        "l’empreinte conservée de l’entrée %s est fausse ; l’entrée est bien celle qui a été signée"},
    [CV_NOTE_KEY] = {"the checkpoint is signed by another key than the log's: the key was swapped, or it is another log's",
        "le point de contrôle est signé par une autre clé que celle du journal : la clé a été remplacée, ou il vient d’un "
        "autre journal"},
    [CV_NOTE_SIGNATURE] = {"the signature under the checkpoint does not fit its text",
        "la signature du point de contrôle ne correspond pas à son texte"},
    [CV_NOTE_FORM] = {"this is no checkpoint", "ceci n’est pas un point de contrôle"},
    [CV_NOTE_AHEAD] = {"the checkpoint signs %s entries, here are %s: the journal was cut",
        "le point de contrôle signe %s entrées, il y en a ici %s : le journal a été tronqué"},
    [CV_NOTE_FORK] = {"the checkpoint of %s entries belongs to another history than %s, and both carry the log's "
        "signature: the journal was forked",
        "le point de contrôle de %s entrées appartient à un autre historique que %s, et les deux portent la signature du "
        "journal : le journal a bifurqué"},
    [CV_NOTE_REWRITE] = {"the entries from %s to %s are not those that the checkpoint signs: the history was rewritten or "
        "forked, entries before them are proven",
        "les entrées %s à %s ne sont pas celles que signe le point de contrôle : l’historique a été réécrit ou a "
        "bifurqué ; les entrées précédentes sont prouvées"},
    [CV_NOTE_UNMET] = {"the first %s entries are not those that the checkpoint signs",
        "les %s premières entrées ne sont pas celles que signe le point de contrôle"},
    [CV_FOLDER_KEY] = {"the folder's key is not the one that was given: %s", "la clé du dossier n’est pas celle qui a été "
        "indiquée : %s"},
    [CV_KEY_FORM] = {"this is no public key line: name+id+base64 is wanted: %s",
        "ceci n’est pas une ligne de clé publique ; la forme attendue est nom+id+base64 : %s"},
    [CV_BODY_WRONG] = {"the body of entry %s is not the one that the entry commits to",
        "le contenu de l’entrée %s n’est pas celui sur lequel l’entrée s’engage"},
    [CV_BODY_MISSING] = {"the body of entry %s is missing, and no erasure names it",
        "le contenu de l’entrée %s manque, et aucun effacement ne le désigne"},
    [CV_BODY_KEPT] = {"the body of entry %s was erased by entry %s and is still there",
        "le contenu de l’entrée %s a été effacé par l’entrée %s et s’y trouve toujours"},
    [CV_BODY_OF_NONE] = {"there is a body for position %s, where no entry commits to one",
        "il y a un contenu pour la position %s, où aucune entrée ne s’engage sur un contenu"},
    [CV_BODY_LINE] = {"line %s of “bodies” is not “POSITION SALT BODY” in ascending order",
        "la ligne %s de « bodies » n’est pas « POSITION SEL CONTENU » en ordre croissant"},
    [CV_ERASURES] = {"the list of erasures is not the one that the entries bear out, from its line %s on",
        "la liste des effacements n’est pas celle que les entrées attestent, à partir de sa ligne %s"},
    [CV_FORMAT] = {"the file “format” does not say “castellan-journal-export 1”",
        "le fichier « format » ne dit pas « castellan-journal-export 1 »"},
    [CV_FILE_MISSING] = {"“%s” is missing or cannot be read", "« %s » manque ou ne peut pas être lu"},
    [CV_FILE_CUT] = {"the last line of “%s” is cut", "la dernière ligne de « %s » est tronquée"},
    [CV_R_OWN_KEY] = {"the key was taken from the folder itself: compare it with the one that you hold: %s",
        "la clé a été prise dans le dossier lui-même : comparez-la à celle que vous détenez : %s"},
    [CV_R_NO_NOTE] = {"no checkpoint of this log was at hand: nothing outside proves these entries",
        "aucun point de contrôle de ce journal n’était disponible : rien d’extérieur ne prouve ces entrées"},
    [CV_R_TAIL] = {"the entries from %s on are newer than the last checkpoint and not yet proven",
        "les entrées à partir de %s sont plus récentes que le dernier point de contrôle et pas encore prouvées"},
    [CV_S_ENTRIES] = {"%s entries, root %s\n", "%s entrées, racine %s\n"},
    [CV_S_PROVEN] = {"%s of them proven by %s good checkpoints\n", "%s d’entre elles prouvées par %s points de contrôle "
        "valides\n"},
    [CV_S_BODIES] = {"bodies: %s good, %s erased, %s missing\n", "contenus : %s valides, %s effacés, %s manquants\n"},
    [CV_S_NO_BODIES] = {"bodies: not checked\n", "contenus : non vérifiés\n"},
    [CV_S_FINDING] = {"finding: %s: %s (%s)\n", "constat : %s : %s (%s)\n"},
    [CV_S_REMARK] = {"remark: %s\n", "remarque : %s\n"},
    [CV_S_GOOD] = {"good: nothing was found\n", "valide : rien n’a été trouvé\n"},
    [CV_S_BAD] = {"%s findings\n", "%s constats\n"},
    [CV_S_FIRST] = {"the first bad entry is %s (%s)\n", "la première entrée fautive est %s (%s)\n"},
    [CV_S_FIRST_OF] = {"the first bad entry is one of %s to %s (%s)\n",
        "la première entrée fautive est l’une des entrées %s à %s (%s)\n"},
    [CV_USAGE] = {"usage: castellan-verify FOLDER [--key LINE] [--checkpoint FILE...] [--no-bodies] [--json] [--lang en|fr]\n"
        "Checks an exported journal. Exit status: 0 good, 1 findings, 2 usage or unreadable.\n",
        "usage : castellan-verify DOSSIER [--key LIGNE] [--checkpoint FICHIER...] [--no-bodies] [--json] [--lang en|fr]\n"
        "Vérifie un journal exporté. Code de sortie : 0 valide, 1 constats, 2 usage ou illisible.\n"},
};

const char *cv_word(enum cv_word word, bool french)
{
    return words[word][french];
}
